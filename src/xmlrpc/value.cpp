#include "xmlrpc/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

#include "base/base64.hpp"
#include "base/text.hpp"

namespace pulse2::xmlrpc {
namespace {

/// Up to here comparing each name with each costs less than sorting them.
constexpr std::size_t k_few_members = 32;

bool has_repeated_names(const std::vector<Member>& members) {
  for (auto member = members.begin(); member != members.end(); ++member) {
    if (std::any_of(members.begin(), member,
                    [&](const Member& earlier) { return earlier.name == member->name; })) {
      return true;
    }
  }
  return false;
}

}  // namespace

Struct::Struct() = default;
Struct::Struct(std::initializer_list<Member> members) : m_members(members) {
  keep_last_of_each();
}
Struct::Struct(const Struct& other) = default;
Struct::Struct(Struct&& other) noexcept = default;
Struct& Struct::operator=(const Struct& other) = default;
Struct& Struct::operator=(Struct&& other) noexcept = default;
Struct::~Struct() = default;

const Value* Struct::find(std::string_view name) const noexcept {
  const auto found = std::find_if(m_members.begin(), m_members.end(),
                                  [&](const Member& member) { return member.name == name; });
  return found == m_members.end() ? nullptr : &found->value;
}

Value* Struct::find(std::string_view name) noexcept {
  return const_cast<Value*>(std::as_const(*this).find(name));
}

Value& Struct::operator[](std::string name) {
  if (Value* found = find(name)) return *found;
  append(std::move(name), Value());
  return m_members.back().value;
}

bool Struct::erase(std::string_view name) {
  return std::erase_if(m_members, [&](const Member& member) { return member.name == name; }) > 0;
}

void Struct::append(std::string name, Value value) {
  m_members.push_back(Member{std::move(name), std::move(value)});
}

void Struct::keep_last_of_each() {
  if (m_members.size() <= k_few_members && !has_repeated_names(m_members)) return;
  // Sorted, so that a hostile struct of a million members costs no quadratic time.
  std::vector<std::size_t> order(m_members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return m_members[a].name < m_members[b].name;
  });
  std::vector<bool> dropped(m_members.size());
  std::size_t first = 0;
  bool any = false;
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (m_members[order[i]].name != m_members[order[first]].name) {
      first = i;
      continue;
    }
    m_members[order[first]].value = std::move(m_members[order[i]].value);
    dropped[order[i]] = true;
    any = true;
  }
  if (!any) return;
  std::size_t index = 0;
  std::erase_if(m_members, [&](const Member& /*member*/) { return dropped[index++]; });
}

std::vector<Member>::const_iterator Struct::begin() const noexcept {
  return m_members.begin();
}
std::vector<Member>::const_iterator Struct::end() const noexcept {
  return m_members.end();
}
std::size_t Struct::size() const noexcept {
  return m_members.size();
}

bool Struct::operator==(const Struct& other) const {
  return size() == other.size() && std::all_of(begin(), end(), [&](const Member& member) {
           const Value* same = other.find(member.name);
           return same != nullptr && *same == member.value;
         });
}

Value Value::borrow(std::string_view text) {
  Value value;
  value.m_data = text;
  return value;
}

std::optional<std::string_view> Value::as_string() const noexcept {
  if (const auto* owned = std::get_if<std::string>(&m_data)) return *owned;
  if (const auto* borrowed = std::get_if<std::string_view>(&m_data)) return *borrowed;
  return std::nullopt;
}

std::optional<std::int64_t> Value::as_int() const noexcept {
  if (const auto* value = std::get_if<std::int64_t>(&m_data)) return *value;
  return std::nullopt;
}

std::optional<bool> Value::as_bool() const noexcept {
  if (const auto* value = std::get_if<bool>(&m_data)) return *value;
  if (const auto number = as_int()) return *number != 0;
  return std::nullopt;
}

std::optional<double> Value::as_double() const noexcept {
  if (const auto* value = std::get_if<double>(&m_data)) return *value;
  if (const auto number = as_int()) return static_cast<double>(*number);
  return std::nullopt;
}

std::optional<std::string_view> Value::as_binary() const noexcept {
  if (const auto* binary = std::get_if<Binary>(&m_data)) return binary->bytes;
  return std::nullopt;
}

std::optional<std::string_view> Value::as_encoded_binary() const noexcept {
  if (const auto* binary = std::get_if<EncodedBinary>(&m_data)) return binary->base64;
  return std::nullopt;
}

bool Value::truthy() const noexcept {
  if (is_nil()) return false;
  if (const auto boolean = as_bool()) return *boolean;
  if (const auto number = as_double()) return *number != 0;
  if (const auto text = as_string()) return !text->empty();
  if (const Array* array = as_array()) return !array->empty();
  if (const Struct* members = as_struct()) return !members->empty();
  return true;
}

Value Value::to_owned() const {
  if (is_borrowed()) return std::string(*as_string());
  if (const auto base64 = as_encoded_binary()) {
    auto bytes = base::base64_decode(*base64);
    return bytes ? Value(Binary{*std::move(bytes)}) : Value();
  }
  if (const Array* array = as_array()) {
    Array copy;
    copy.reserve(array->size());
    for (const Value& element : *array)
      copy.push_back(element.to_owned());
    return copy;
  }
  if (const Struct* members = as_struct()) {
    Struct copy;
    for (const Member& member : *members)
      copy.append(member.name, member.value.to_owned());
    return copy;
  }
  return *this;
}

bool Value::operator==(const Value& other) const {
  if (const auto text = as_string()) return text == other.as_string();
  return m_data == other.m_data;
}

namespace {

/// Writes repr() text and stops taking more once it is long enough.
class Describer {
 public:
  explicit Describer(std::size_t limit) : m_limit(limit) {}

  std::string take() && { return std::move(m_out); }

  void put(const Value& value) { std::visit(*this, value.data()); }

  void operator()(Nil /*nil*/) { m_out += "None"; }
  void operator()(bool value) { m_out += value ? "True" : "False"; }
  void operator()(std::int64_t value) { m_out += std::to_string(value); }
  void operator()(double value) {
    std::array<char, 32> text{};
    m_out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
  }
  void operator()(const std::string& text) { put_text(text); }
  void operator()(std::string_view text) { put_text(text); }
  void operator()(const Binary& binary) { m_out += std::to_string(binary.bytes.size()) + " bytes"; }
  void operator()(const EncodedBinary& binary) {
    m_out += std::to_string(binary.base64.size()) + " bytes of base64";
  }
  void operator()(const DateTime& time) { put_text(time.text); }
  void operator()(const Array& array) {
    m_out += '[';
    put_all(array, [&](const Value& element) { put(element); });
    m_out += ']';
  }
  void operator()(const Struct& members) {
    m_out += '{';
    put_all(members, [&](const Member& member) {
      put_text(member.name);
      m_out += ": ";
      put(member.value);
    });
    m_out += '}';
  }

 private:
  [[nodiscard]] bool full() const { return m_out.size() >= m_limit; }

  void put_text(std::string_view text) {
    m_out += '\'';
    m_out += base::printable(text, full() ? 1 : m_limit - m_out.size());
    m_out += '\'';
  }

  template <class Range, class Put>
  void put_all(const Range& range, Put put_one) {
    bool first = true;
    for (const auto& element : range) {
      if (!first) m_out += ", ";
      first = false;
      if (full()) {
        m_out += "…";
        return;
      }
      put_one(element);
    }
  }

  std::size_t m_limit;
  std::string m_out;
};

}  // namespace

std::string describe(const Value& value, std::size_t limit) {
  Describer describer(limit);
  describer.put(value);
  return std::move(describer).take();
}

}  // namespace pulse2::xmlrpc
