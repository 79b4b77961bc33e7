#pragma once

#include <string>
#include <string_view>

#include "xmlrpc/value.hpp"

/// Encoder, byte for byte in the layout of Python's xmlrpclib. Pre-rendered values can be joined:
/// k_response_prefix + `<value>…</value>` + k_response_suffix is an answer, and the same with
/// k_array_prefix + any number of values + k_array_suffix between is an answer that is a list.
namespace pulse2::xmlrpc {

inline constexpr std::string_view k_response_prefix =
    "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n";
inline constexpr std::string_view k_response_suffix = "</param>\n</params>\n</methodResponse>\n";
inline constexpr std::string_view k_array_prefix = "<value><array><data>\n";
inline constexpr std::string_view k_array_suffix = "</data></array></value>\n";

/// Faults of the XML-RPC layer itself (contract 03).
inline constexpr int k_fault_no_such_method = 8001;
inline constexpr int k_fault_malformed = -32700;
inline constexpr int k_fault_no_call = -32600;
inline constexpr int k_fault_internal = -32500;

/// Appends `<value>…</value>` and a line end. Nil is written as int 0 and an int beyond 32 bits as
/// a double with all its digits. What XML cannot carry, control characters and bytes that are not
/// UTF-8, becomes '?'; a CR is written as a reference and so survives.
void encode_value(std::string& out, const Value& value);

/// A whole `<methodResponse>` with one value.
[[nodiscard]] std::string encode_response(const Value& value);

/// A whole `<methodResponse>` with a `<fault>`.
[[nodiscard]] std::string encode_fault(int code, std::string_view text);

/// A whole `<methodCall>`.
[[nodiscard]] std::string encode_call(std::string_view method, const Array& params);

}  // namespace pulse2::xmlrpc
