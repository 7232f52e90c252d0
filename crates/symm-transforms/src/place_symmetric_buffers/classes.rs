// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Classes of memref values that must be in one memory space.

use melior::ir::{Value, ValueLike};
use std::collections::HashMap;

/// A memref value, or a result of a function, which no single value stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node(u32);

impl Node {
    /// Returns the node's position in the order in which nodes were made.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A union-find over nodes. The oldest node of a class represents it, so that
/// the outcome does not depend on anything but the program.
#[derive(Default)]
pub struct Classes<'c, 'a> {
    values: Vec<Option<Value<'c, 'a>>>,
    parents: Vec<Node>,
    explained: Vec<bool>,
    nodes: HashMap<usize, Node>,
}

impl<'c, 'a> Classes<'c, 'a> {
    /// Returns the node of a value.
    pub fn node(&mut self, value: Value<'c, 'a>) -> Node {
        let key = value.to_raw().ptr as usize;
        if let Some(node) = self.nodes.get(&key) {
            return *node;
        }
        let node = self.push(Some(value));
        self.nodes.insert(key, node);
        node
    }

    /// Makes a node that stands for no value.
    pub fn slot(&mut self) -> Node {
        self.push(None)
    }

    /// Says that all that flows into a node is known.
    pub fn explain(&mut self, node: Node) {
        self.explained[node.index()] = true;
    }

    /// Says that two nodes must be in one memory space.
    pub fn tie(&mut self, a: Node, b: Node) {
        let (a, b) = (self.find(a), self.find(b));
        let (old, young) = if a.0 < b.0 { (a, b) } else { (b, a) };
        self.parents[young.index()] = old;
    }

    /// Returns the values of which it isn't known what flows into them.
    pub fn unexplained(&self) -> impl Iterator<Item = (Node, Value<'c, 'a>)> {
        self.values()
            .filter(|(node, _)| !self.explained[node.index()])
    }

    /// Returns the nodes that stand for values, with these, the oldest first.
    pub fn values(&self) -> impl Iterator<Item = (Node, Value<'c, 'a>)> {
        self.nodes()
            .zip(&self.values)
            .filter_map(|(node, value)| Some((node, (*value)?)))
    }

    /// Returns the number of nodes.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns the nodes, the oldest first.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        (0..self.values.len() as u32).map(Node)
    }

    /// Returns the representative of a node's class.
    pub fn find(&mut self, mut node: Node) -> Node {
        while self.parents[node.index()] != node {
            let grandparent = self.parents[self.parents[node.index()].index()];
            self.parents[node.index()] = grandparent;
            node = grandparent;
        }
        node
    }

    fn push(&mut self, value: Option<Value<'c, 'a>>) -> Node {
        let node = Node(u32::try_from(self.values.len()).expect("fewer than 2³² memrefs"));
        self.values.push(value);
        self.parents.push(node);
        self.explained.push(value.is_none());
        node
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_node_represents_its_class() {
        let mut classes = Classes::default();
        let nodes: Vec<_> = (0..6).map(|_| classes.slot()).collect();
        classes.tie(nodes[5], nodes[3]);
        classes.tie(nodes[3], nodes[1]);
        classes.tie(nodes[4], nodes[2]);
        let found: Vec<_> = nodes
            .iter()
            .map(|node| classes.find(*node).index())
            .collect();
        assert_eq!(found, [0, 1, 2, 1, 2, 1]);
    }
}
