#include "api/machine.hpp"

namespace pulse2::api {

base::Expected<std::string> uuid_of(const xmlrpc::Value& machine, std::string_view what) {
  if (const xmlrpc::Struct* members = machine.as_struct()) {
    if (const xmlrpc::Value* uuid = members->find("uuid")) {
      if (const auto text = uuid->as_string()) return std::string(*text);
      if (const auto number = uuid->as_int()) return std::to_string(*number);
    }
  }
  return base::fail(base::ErrorKind::invalid_argument, std::string(what) + " must have an uuid");
}

}  // namespace pulse2::api
