// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

use super::*;

fn options(line: &str) -> Options {
    Options::parse_from(["symm-bench"].into_iter().chain(line.split_whitespace()))
}

fn is_refused(line: &str) -> bool {
    let words = ["symm-bench"].into_iter().chain(line.split_whitespace());
    Options::try_parse_from(words).is_err()
}

#[test]
fn the_flags_of_nccl_tests_are_understood() {
    let all = options(
        "-t 1 -b 8 -e 128M -f 4 -g 4 -n 20 -w 3 -d float -o max -c 0 -G 1 -T 5 -J out.json -a 1 -r -1 -R 0 -u 3",
    );
    assert_eq!((all.least, all.largest, all.gpus), (8, 128 << 20, Some(4)));
    let plan = all.plan();
    assert_eq!((plan.iterations, plan.warmup, plan.replays), (20, 3, 1));
    assert_eq!((plan.checks, plan.average), (0, Average::Mean));
    assert_eq!((all.unalign.operand, all.unalign.result), (3, 3));
    assert_eq!(all.sizes(4).len(), 13);
    let long = options(
        "--nthreads 1 --minbytes 1K --maxbytes 4K --stepbytes 1K --datatype half --op sum --iters 7 --warmup_iters 0 --check 3 \
         --ngpus 2 --average 3 --root 0 --local_register 2 --unalign 1 --cudagraph 0 --timeout 1 --output_file out.json",
    );
    assert_eq!(long.sizes(2), [1024, 2048, 3072, 4096]);
    assert_eq!(
        (long.plan().checks, long.plan().average),
        (3, Average::Largest)
    );
}

#[test]
fn the_factor_goes_before_the_step_unless_it_is_off() {
    assert_eq!(options("").step(), Step::Factor(2.0));
    assert_eq!(options("-i 1M -f 3").step(), Step::Factor(3.0));
    assert_eq!(options("-i 2K").step(), Step::Bytes(2048));
    assert_eq!(options("-i 2K -f 1").step(), Step::Bytes(2048));
    assert_eq!(options("-f 1").step(), Step::Bytes(1 << 20));
    assert_eq!(options("-f 0").step(), Step::Bytes(1 << 20));
}

#[test]
fn what_makes_no_sense_is_refused() {
    for line in [
        "-n 0",
        "-b x",
        "-c -1",
        "-T 0",
        "-T nan",
        "-t 2",
        "-i 0",
        "-f nan",
        "-f -1",
        "-f inf",
        "-a 4",
        "-a symm",
        "-R 1",
        "-u x",
        "--algorithms nothing",
        "--tune a --plot b",
    ] {
        assert!(is_refused(line), "{line}");
    }
    // Processes that symm-bench starts are ranks of its own, whatever its own command line was.
    let child = options("--launcher=none --launcher=own");
    assert_eq!(child.launcher, Launcher::Own);
    let checked = |line| options(line).check().map_err(|error| error.to_string());
    assert_eq!(checked("-b 4K -e 4K"), Ok(()));
    assert!(
        checked("-b 4M -e 1M")
            .unwrap_err()
            .contains("got -b 4194304 and -e 1048576")
    );
    assert!(checked("--tune a -c 0").unwrap_err().contains("-c 0"));
}

#[test]
fn what_is_measured_can_be_chosen() {
    let chosen = |line: &str| options(line).chosen().collect::<Vec<_>>();
    let some = "--algorithms nccl,one_shot_push,nccl_window";
    assert_eq!(
        chosen(some),
        [What::Nccl, What::OneShotPush, What::NcclWindow]
    );
    assert_eq!(
        chosen(&format!("{some} -R 0")),
        [What::Nccl, What::OneShotPush]
    );
    assert_eq!(
        chosen(&format!("{some} -R 2")),
        [What::OneShotPush, What::NcclWindow]
    );
    assert_eq!(chosen("").len(), What::ALL.len());
}

#[test]
fn times_are_combined_as_asked() {
    let times = [2.0, 1.0, 6.0];
    let of = |text| Average::parse(text).unwrap().of(&times);
    assert_eq!(["0", "1", "2", "3"].map(of), [2.0, 3.0, 1.0, 6.0]);
}
