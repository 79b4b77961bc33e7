#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// XML-RPC: values, decoder and encoder. Pure: no clock, no files, no network.
namespace pulse2::xmlrpc {

class Value;
struct Member;

/// `<nil/>`. Encoded as int 0, as the clients in the field expect for None (contract 03).
struct Nil {
  bool operator==(const Nil&) const = default;
};

/// `<base64>`, decoded.
struct Binary {
  std::string bytes;
  bool operator==(const Binary&) const = default;
};

/// A big `<base64>` as it was sent, not decoded and not checked: a text in the body.
struct EncodedBinary {
  std::string_view base64;
  bool operator==(const EncodedBinary&) const = default;
};

/// `<dateTime.iso8601>`, the text as it was sent; XML-RPC leaves its time zone open.
struct DateTime {
  std::string text;
  bool operator==(const DateTime&) const = default;
};

using Array = std::vector<Value>;

/// `<struct>`: named members in the order they were added. Looking one up is linear, as structs
/// of this protocol have a few dozen members.
class Struct {
 public:
  Struct();
  Struct(std::initializer_list<Member> members);
  Struct(const Struct& other);
  Struct(Struct&& other) noexcept;
  Struct& operator=(const Struct& other);
  Struct& operator=(Struct&& other) noexcept;
  ~Struct();

  /// The member's value, null when there is none. Valid until the struct is changed.
  [[nodiscard]] const Value* find(std::string_view name) const noexcept;
  [[nodiscard]] Value* find(std::string_view name) noexcept;
  [[nodiscard]] bool contains(std::string_view name) const noexcept {
    return find(name) != nullptr;
  }

  /// The member's value; a nil member is added at the end when there is none.
  Value& operator[](std::string name);
  /// Removes the member; false when there was none.
  bool erase(std::string_view name);

  /// Adds a member without looking for one of the same name: for many members at a time, with
  /// keep_last_of_each() after them when names could be repeated.
  void append(std::string name, Value value);
  /// Of members with the same name keeps the last value, at the place of the first.
  void keep_last_of_each();

  [[nodiscard]] std::vector<Member>::const_iterator begin() const noexcept;
  [[nodiscard]] std::vector<Member>::const_iterator end() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// Same members with equal values, in any order.
  bool operator==(const Struct& other) const;

 private:
  std::vector<Member> m_members;
};

/// One value of any XML-RPC type.
///
/// A string is owned or borrowed. The decoder borrows big ones, and big binaries, from the body it
/// was given: such a value is valid only while the body lives; to_owned() makes it independent.
class Value {
 public:
  using Variant = std::variant<Nil, bool, std::int64_t, double, std::string, std::string_view,
                               Binary, EncodedBinary, DateTime, Array, Struct>;

  Value() = default;
  Value(Nil /*nil*/) {}  // NOLINT(google-explicit-constructor): values are written as literals
  Value(bool value) : m_data(value) {}                    // NOLINT(google-explicit-constructor)
  Value(double value) : m_data(value) {}                  // NOLINT(google-explicit-constructor)
  Value(const char* text) : m_data(std::string(text)) {}  // NOLINT(google-explicit-constructor)
  Value(std::string_view text)
      : m_data(std::string(text)) {}                     // NOLINT(google-explicit-constructor)
  Value(std::string text) : m_data(std::move(text)) {}   // NOLINT(google-explicit-constructor)
  Value(Binary binary) : m_data(std::move(binary)) {}    // NOLINT(google-explicit-constructor)
  Value(EncodedBinary binary) : m_data(binary) {}        // NOLINT(google-explicit-constructor)
  Value(DateTime time) : m_data(std::move(time)) {}      // NOLINT(google-explicit-constructor)
  Value(Array array) : m_data(std::move(array)) {}       // NOLINT(google-explicit-constructor)
  Value(Struct members) : m_data(std::move(members)) {}  // NOLINT(google-explicit-constructor)

  /// Any integer type; an unsigned one above 2^63-1 becomes a double.
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>)
      Value(Integer value) {  // NOLINT(google-explicit-constructor)
    if (std::in_range<std::int64_t>(value)) {
      m_data = static_cast<std::int64_t>(value);
    } else {
      m_data = static_cast<double>(value);
    }
  }

  /// A string value that refers to `text` without a copy; the caller keeps it alive.
  [[nodiscard]] static Value borrow(std::string_view text);

  [[nodiscard]] bool is_nil() const noexcept { return holds<Nil>(); }
  [[nodiscard]] bool is_bool() const noexcept { return holds<bool>(); }
  [[nodiscard]] bool is_int() const noexcept { return holds<std::int64_t>(); }
  [[nodiscard]] bool is_double() const noexcept { return holds<double>(); }
  [[nodiscard]] bool is_string() const noexcept {
    return holds<std::string>() || holds<std::string_view>();
  }
  [[nodiscard]] bool is_borrowed() const noexcept { return holds<std::string_view>(); }
  [[nodiscard]] bool is_binary() const noexcept {
    return holds<Binary>() || holds<EncodedBinary>();
  }
  [[nodiscard]] bool is_date_time() const noexcept { return holds<DateTime>(); }
  [[nodiscard]] bool is_array() const noexcept { return holds<Array>(); }
  [[nodiscard]] bool is_struct() const noexcept { return holds<Struct>(); }

  /// Owned and borrowed strings. The view is valid as long as this value is.
  [[nodiscard]] std::optional<std::string_view> as_string() const noexcept;
  [[nodiscard]] std::optional<std::int64_t> as_int() const noexcept;
  /// A bool, or an int (true when not 0: old clients send 0 and 1).
  [[nodiscard]] std::optional<bool> as_bool() const noexcept;
  /// A double or an int.
  [[nodiscard]] std::optional<double> as_double() const noexcept;
  /// The bytes of a binary that was decoded.
  [[nodiscard]] std::optional<std::string_view> as_binary() const noexcept;
  /// The base64 text of a binary that was not.
  [[nodiscard]] std::optional<std::string_view> as_encoded_binary() const noexcept;
  /// The value's own array, null when it is none.
  [[nodiscard]] const Array* as_array() const noexcept { return std::get_if<Array>(&m_data); }
  [[nodiscard]] Array* as_array() noexcept { return std::get_if<Array>(&m_data); }
  [[nodiscard]] const Struct* as_struct() const noexcept { return std::get_if<Struct>(&m_data); }
  [[nodiscard]] Struct* as_struct() noexcept { return std::get_if<Struct>(&m_data); }

  /// What Python's bool() says of it: false for nil, false, 0, 0.0, "", [] and {}.
  [[nodiscard]] bool truthy() const noexcept;

  /// The same value without references into a body; a binary that can't be decoded is nil.
  [[nodiscard]] Value to_owned() const;

  [[nodiscard]] const Variant& data() const noexcept { return m_data; }

  /// Equal type and content; owned and borrowed strings are one type, int and double are not.
  bool operator==(const Value& other) const;

 private:
  template <class T>
  [[nodiscard]] bool holds() const noexcept {
    return std::holds_alternative<T>(m_data);
  }

  Variant m_data;
};

struct Member {
  std::string name;
  Value value;
  bool operator==(const Member&) const = default;
};

/// The value as Python's repr() would show it ('abc', [1, None], {'a': True}), cut at about
/// `limit` bytes with "…"; control characters and bytes that are not UTF-8 are escaped. For
/// faultString and logs, whatever a client sent.
[[nodiscard]] std::string describe(const Value& value, std::size_t limit = 200);

}  // namespace pulse2::xmlrpc
