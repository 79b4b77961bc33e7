#pragma once

#include <boost/json.hpp>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "xmlrpc/value.hpp"

/// Recorded exchanges of tests/data/golden for unit tests.
namespace pulse2::test {

/// The lines of a recording, in their order.
inline std::vector<boost::json::object> golden_records(const std::string& name) {
  std::ifstream file(std::string(PULSE2_TEST_DATA) + "/golden/" + name);
  if (!file) throw std::runtime_error("no recording " + name);
  std::vector<boost::json::object> records;
  for (std::string line; std::getline(file, line);)
    records.push_back(boost::json::parse(line).as_object());
  return records;
}

inline std::string bytes_of_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

/// A JSON value of a recording as the XML-RPC value that it stands for.
inline xmlrpc::Value to_value(const boost::json::value& json) {
  switch (json.kind()) {
    case boost::json::kind::null:
      return xmlrpc::Nil{};
    case boost::json::kind::bool_:
      return json.get_bool();
    case boost::json::kind::int64:
      return json.get_int64();
    case boost::json::kind::uint64:
      return json.get_uint64();
    case boost::json::kind::double_:
      return json.get_double();
    case boost::json::kind::string:
      return std::string(json.get_string());
    case boost::json::kind::array: {
      xmlrpc::Array array;
      for (const auto& item : json.get_array())
        array.push_back(to_value(item));
      return array;
    }
    case boost::json::kind::object: {
      xmlrpc::Struct members;
      for (const auto& member : json.get_object())
        members.append(std::string(member.key()), to_value(member.value()));
      return members;
    }
  }
  return xmlrpc::Nil{};
}

}  // namespace pulse2::test
