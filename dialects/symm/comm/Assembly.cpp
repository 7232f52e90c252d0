// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The custom directives of the assembly formats.
//
//   tensor form:  %x on @tp : tensor<8xf32> -> tensor<2xf32>   (-> only if it differs)
//   memref form:  ins(%x : memref<8xf32>) outs(%y : memref<2xf32>) on @tp

#include "symm/comm/Collective.h"

using namespace mlir;
using namespace symm;
using namespace symm::comm;

template <typename EnumAttr, typename Enum>
static ParseResult parseKeyword(OpAsmParser &parser, EnumAttr &attr,
                                std::optional<Enum> (*symbolize)(StringRef), const char *what) {
  StringRef keyword;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&keyword))
    return failure();
  std::optional<Enum> value = symbolize(keyword);
  if (!value)
    return parser.emitError(loc) << "unknown " << what << " '" << keyword << "'";
  attr = EnumAttr::get(parser.getContext(), *value);
  return success();
}

ParseResult symm::parseReduceOp(OpAsmParser &parser, ReduceOpAttr &op) {
  return failure(parser.parseLess() ||
                 parseKeyword<ReduceOpAttr, ReduceOp>(parser, op, symbolizeReduceOp, "reduction") ||
                 parser.parseGreater());
}

void symm::printReduceOp(OpAsmPrinter &printer, Operation *, ReduceOpAttr op) {
  printer << '<' << stringifyReduceOp(op.getValue()) << '>';
}

ParseResult symm::parseAlgorithm(OpAsmParser &parser, ReduceOpAttr &op, ProtocolAttr &protocol) {
  if (parser.parseLess() ||
      parseKeyword<ReduceOpAttr, ReduceOp>(parser, op, symbolizeReduceOp, "reduction"))
    return failure();
  if (succeeded(parser.parseOptionalComma()) &&
      parseKeyword<ProtocolAttr, Protocol>(parser, protocol, symbolizeProtocol, "protocol"))
    return failure();
  return parser.parseGreater();
}

void symm::printAlgorithm(OpAsmPrinter &printer, Operation *, ReduceOpAttr op,
                          ProtocolAttr protocol) {
  printer << '<' << stringifyReduceOp(op.getValue());
  if (protocol && protocol.getValue() != Protocol::pull)
    printer << ", " << stringifyProtocol(protocol.getValue());
  printer << '>';
}

//===-- Pieces ----------------------------------------------------------------===//

static ParseResult parseGroup(OpAsmParser &parser, FlatSymbolRefAttr &group,
                              NamedAttrList &attributes) {
  return failure(parser.parseKeyword("on") || parser.parseAttribute(group) ||
                 parser.parseOptionalAttrDict(attributes));
}

static void printGroup(OpAsmPrinter &printer, Operation *op, FlatSymbolRefAttr group) {
  printer << " on " << group;
  printer.printOptionalAttrDict(op->getDiscardableAttrDictionary().getValue());
}

/// `: T` or `: T -> R`
static ParseResult parseTensorTypes(OpAsmParser &parser, Type &input, Type &result) {
  if (parser.parseColonType(input))
    return failure();
  result = input;
  return succeeded(parser.parseOptionalArrow()) ? parser.parseType(result) : success();
}

static void printTensorTypes(OpAsmPrinter &printer, Type input, Type result) {
  printer << " : " << input;
  if (result && result != input)
    printer << " -> " << result;
}

static ParseResult parseOuts(OpAsmParser &parser, std::optional<Operand> &output, Type &type) {
  return failure(parser.parseKeyword("outs") || parser.parseLParen() ||
                 parser.parseOperand(output.emplace()) || parser.parseColonType(type) ||
                 parser.parseRParen());
}

static void printOuts(OpAsmPrinter &printer, Value output, Type type) {
  if (output)
    printer << " outs(" << output << " : " << type << ')';
}

//===-- Collective ------------------------------------------------------------===//

ParseResult symm::parseCollective(OpAsmParser &parser, Operand &input, Type &inputType,
                                  std::optional<Operand> &output, Type &outputType,
                                  Type &resultType, FlatSymbolRefAttr &group,
                                  NamedAttrList &attributes) {
  if (failed(parser.parseOptionalKeyword("ins")))
    return failure(parser.parseOperand(input) || parseGroup(parser, group, attributes) ||
                   parseTensorTypes(parser, inputType, resultType));
  return failure(parser.parseLParen() || parser.parseOperand(input) ||
                 parser.parseColonType(inputType) || parser.parseRParen() ||
                 parseOuts(parser, output, outputType) || parseGroup(parser, group, attributes));
}

void symm::printCollective(OpAsmPrinter &printer, Operation *op, Value input, Type inputType,
                           Value output, Type outputType, Type resultType,
                           FlatSymbolRefAttr group, DictionaryAttr) {
  if (resultType) {
    printer << input;
    printGroup(printer, op, group);
    return printTensorTypes(printer, inputType, resultType);
  }
  printer << "ins(" << input << " : " << inputType << ')';
  printOuts(printer, output, outputType);
  printGroup(printer, op, group);
}

//===-- StagedCollective --------------------------------------------------------===//

ParseResult symm::parseStagedCollective(OpAsmParser &parser, Operand &buffer, Type &bufferType,
                                        Operand &input, Type &inputType,
                                        std::optional<Operand> &output, Type &outputType,
                                        Type &resultType, FlatSymbolRefAttr &group,
                                        NamedAttrList &attributes) {
  if (failed(parser.parseOptionalKeyword("ins"))) {
    if (parser.parseOperand(buffer) || parser.parseComma() || parser.parseOperand(input) ||
        parseGroup(parser, group, attributes) || parseTensorTypes(parser, inputType, resultType))
      return failure();
    bufferType = inputType;
    return success();
  }
  return failure(parser.parseLParen() || parser.parseOperand(buffer) || parser.parseComma() ||
                 parser.parseOperand(input) || parser.parseColonType(bufferType) ||
                 parser.parseComma() || parser.parseType(inputType) || parser.parseRParen() ||
                 parseOuts(parser, output, outputType) || parseGroup(parser, group, attributes));
}

void symm::printStagedCollective(OpAsmPrinter &printer, Operation *op, Value buffer,
                                 Type bufferType, Value input, Type inputType, Value output,
                                 Type outputType, Type resultType, FlatSymbolRefAttr group,
                                 DictionaryAttr) {
  if (resultType) {
    printer << buffer << ", " << input;
    printGroup(printer, op, group);
    return printTensorTypes(printer, inputType, resultType);
  }
  printer << "ins(" << buffer << ", " << input << " : " << bufferType << ", " << inputType << ')';
  printOuts(printer, output, outputType);
  printGroup(printer, op, group);
}

//===-- InPlaceCollective -------------------------------------------------------===//

ParseResult symm::parseInPlaceCollective(OpAsmParser &parser, Operand &input, Type &inputType,
                                         Type &resultType, FlatSymbolRefAttr &group,
                                         NamedAttrList &attributes) {
  if (failed(parser.parseOptionalKeyword("inout")))
    return failure(parser.parseOperand(input) || parseGroup(parser, group, attributes) ||
                   parseTensorTypes(parser, inputType, resultType));
  return failure(parser.parseLParen() || parser.parseOperand(input) ||
                 parser.parseColonType(inputType) || parser.parseRParen() ||
                 parseGroup(parser, group, attributes));
}

void symm::printInPlaceCollective(OpAsmPrinter &printer, Operation *op, Value input,
                                  Type inputType, Type resultType, FlatSymbolRefAttr group,
                                  DictionaryAttr) {
  if (resultType) {
    printer << input;
    printGroup(printer, op, group);
    return printTensorTypes(printer, inputType, resultType);
  }
  printer << "inout(" << input << " : " << inputType << ')';
  printGroup(printer, op, group);
}
