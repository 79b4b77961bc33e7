#include "api/method_table.hpp"

#include <algorithm>
#include <utility>

namespace pulse2::api {
namespace {

std::string_view type_name(const xmlrpc::Value& value) {
  if (value.is_nil()) return "nil";
  if (value.is_bool()) return "boolean";
  if (value.is_int()) return "int";
  if (value.is_double()) return "double";
  if (value.is_string()) return "string";
  if (value.is_array()) return "array";
  if (value.is_struct()) return "struct";
  if (value.is_binary()) return "base64";
  return "dateTime";
}

tl::unexpected<base::Error> wrong_type(std::string_view name, std::string_view wanted,
                                       const xmlrpc::Value& got) {
  std::string message{name};
  message += " must be a ";
  message += wanted;
  message += ", not ";
  message += type_name(got);
  return base::fail(base::ErrorKind::invalid_argument, std::move(message));
}

std::string count_text(const Method& method) {
  std::string text = std::to_string(method.least);
  if (method.most != method.least) text += " to " + std::to_string(method.most);
  return text;
}

}  // namespace

const xmlrpc::Value& Arguments::at(std::size_t index) const noexcept {
  static const xmlrpc::Value k_nil;
  return index < m_values.size() ? m_values[index] : k_nil;
}

base::Expected<std::string_view> Arguments::text(std::size_t index, std::string_view name) const {
  if (const auto text = at(index).as_string()) return *text;
  return wrong_type(name, "string", at(index));
}

base::Expected<const xmlrpc::Array*> Arguments::array(std::size_t index,
                                                      std::string_view name) const {
  if (const xmlrpc::Array* array = at(index).as_array()) return array;
  return wrong_type(name, "list", at(index));
}

base::Expected<const xmlrpc::Struct*> Arguments::structure(std::size_t index,
                                                           std::string_view name) const {
  if (const xmlrpc::Struct* members = at(index).as_struct()) return members;
  return wrong_type(name, "struct", at(index));
}

void MethodTable::add(std::string name, Method method) {
  m_methods[std::move(name)].push_back(std::move(method));
}

void MethodTable::add(const MethodTable& other) {
  for (const auto& [name, variants] : other.m_methods) {
    Variants& mine = m_methods[name];
    mine.insert(mine.end(), variants.begin(), variants.end());
  }
}

void MethodTable::restrict_to_writers() {
  for (auto& [name, variants] : m_methods) {
    for (Method& method : variants)
      method.access = Access::writers;
  }
}

const MethodTable::Variants* MethodTable::find(std::string_view name) const {
  const auto found = m_methods.find(name);
  return found == m_methods.end() ? nullptr : &found->second;
}

std::vector<std::string> MethodTable::names() const {
  std::vector<std::string> names;
  names.reserve(m_methods.size());
  for (const auto& method : m_methods)
    names.push_back(method.first);
  return names;
}

base::Expected<const Method*> select(const MethodTable::Variants& variants, std::string_view name,
                                     std::size_t count) {
  const auto fits = [count](const Method& method) {
    return method.least <= count && count <= method.most;
  };
  const auto found = std::find_if(variants.begin(), variants.end(), fits);
  if (found != variants.end()) return &*found;
  std::string taken;
  for (const Method& method : variants) {
    if (!taken.empty()) taken += " or ";
    taken += count_text(method);
  }
  const char* noun = taken == "1" ? " parameter" : " parameters";
  return base::fail(base::ErrorKind::invalid_argument, std::string(name) + " takes " + taken +
                                                           noun + ", not " + std::to_string(count));
}

}  // namespace pulse2::api
