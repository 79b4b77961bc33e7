#pragma once

#include <string_view>

#include "base/error.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::api {

/// The struct that clients look for when a known method failed (contract 03): faultCode is
/// "<kind>: <message> ", faultString "<method> (<parameters>)" cut to a few hundred bytes, and
/// faultTraceback repeats kind and message.
[[nodiscard]] xmlrpc::Value failure(const base::Error& error, std::string_view method,
                                    const xmlrpc::Array& params);

/// "(<parameters>)" in one line of bounded length, for faultString and the log.
[[nodiscard]] std::string describe_params(const xmlrpc::Array& params);

}  // namespace pulse2::api
