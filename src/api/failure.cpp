#include "api/failure.hpp"

#include <string>

namespace pulse2::api {
namespace {

/// Bytes of one parameter, and of all of them, that are repeated to the client.
constexpr std::size_t k_param_bytes = 200;
constexpr std::size_t k_params_bytes = 600;

}  // namespace

std::string describe_params(const xmlrpc::Array& params) {
  std::string text = "(";
  for (const xmlrpc::Value& param : params) {
    if (text.size() > 1) text += ", ";
    if (text.size() > k_params_bytes) {
      text += "…";
      break;
    }
    text += xmlrpc::describe(param, k_param_bytes);
  }
  // Python writes a tuple of one as "(a,)"; clients' logs are searched for that form.
  if (params.size() == 1) text += ',';
  text += ')';
  return text;
}

xmlrpc::Value failure(const base::Error& error, std::string_view method,
                      const xmlrpc::Array& params) {
  std::string code{base::name_of(error.kind)};
  code += ": ";
  code += error.message;
  xmlrpc::Struct members;
  members["faultTraceback"] = code;
  members["faultCode"] = code + " ";
  members["faultString"] = std::string(method) + " " + describe_params(params);
  return members;
}

}  // namespace pulse2::api
