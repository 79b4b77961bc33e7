#include "base/pickle.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>

#include "base/pickle_text.hpp"
#include "base/text.hpp"

namespace pulse2::base {
namespace {

constexpr std::size_t k_deepest = 100;

/// Ends the reading; becomes the result of read_pickle().
struct Refusal : std::runtime_error {
  Refusal(ErrorKind kind_of_it, const std::string& text)
      : std::runtime_error(text), kind(kind_of_it) {}
  ErrorKind kind;
};

[[noreturn]] void refuse(const std::string& what) {
  throw Refusal(ErrorKind::malformed, what);
}

/// How many values there are in a value, itself included.
std::size_t count_values(const Pickle& value) {
  std::size_t count = 1;
  if (const auto* list = value.as_list()) {
    for (const Pickle& each : *list)
      count += count_values(each);
  }
  if (const auto* dict = value.as_dict()) {
    for (const auto& [key, each] : *dict)
      count += count_values(key) + count_values(each);
  }
  return count;
}

/// A value with the lists and dicts in it that stand within each other. Bounded, because values are
/// copied and destroyed recursively.
struct Slot {
  Pickle value;
  std::size_t depth = 0;
};
using Slots = std::vector<Slot>;

std::size_t deepest_of(const Slots& slots) {
  std::size_t depth = 0;
  for (const Slot& slot : slots)
    depth = std::max(depth, slot.depth);
  return depth;
}

std::size_t checked_depth(std::size_t depth) {
  if (depth > k_deepest) refuse("values nested too deep");
  return depth;
}

Pickle::List values_of(Slots slots) {
  Pickle::List values;
  values.reserve(slots.size());
  for (Slot& slot : slots)
    values.push_back(std::move(slot.value));
  return values;
}

Pickle::Dict items_of(Slots slots) {
  if (slots.size() % 2 != 0) refuse("a dict has a key without a value");
  Pickle::Dict items;
  for (std::size_t i = 0; i < slots.size(); i += 2)
    items.push_back({std::move(slots[i].value), std::move(slots[i + 1].value)});
  return items;
}

/// The machine that a pickle is a program for: a stack with marks, and a memo.
class Reader {
 public:
  Reader(std::string_view bytes, std::size_t max_values) : m_rest(bytes), m_budget(max_values) {}

  Pickle run() {
    for (;;) {
      const char opcode = take(1).front();
      if (opcode == '.') return pop().value;
      if (!read_number(opcode) && !read_string(opcode) && !build(opcode) && !remember(opcode)) {
        refuse("opcode 0x" + to_hex(opcode) + " is no plain data");
      }
    }
  }

 private:
  static std::string to_hex(char byte) {
    constexpr std::string_view k_digits = "0123456789abcdef";
    const auto code = static_cast<unsigned char>(byte);
    return {k_digits[code >> 4U], k_digits[code & 0xFU]};
  }

  std::string_view take(std::uint64_t size) {
    if (size > m_rest.size()) refuse("it ends in the middle");
    const auto bytes = m_rest.substr(0, static_cast<std::size_t>(size));
    m_rest.remove_prefix(bytes.size());
    return bytes;
  }
  std::string_view line() {
    const auto end = m_rest.find('\n');
    if (end == std::string_view::npos) refuse("it ends in the middle");
    auto text = take(end + 1);
    text.remove_suffix(1);
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    return text;
  }
  /// Little endian.
  std::uint64_t number(std::size_t size) {
    const auto bytes = take(size);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << 8 * i;
    return value;
  }

  void spend(std::size_t values) {
    if (values > m_budget) throw Refusal(ErrorKind::limit_exceeded, "too many values");
    m_budget -= values;
  }
  template <class T>
  void push_data(T data, std::size_t depth = 0) {
    spend(1);
    m_stack.push_back({Pickle{std::move(data)}, checked_depth(depth)});
  }
  void push_list(Slots slots) {
    const auto depth = deepest_of(slots) + 1;
    push_data(values_of(std::move(slots)), depth);
  }
  void push_dict(Slots slots) {
    const auto depth = deepest_of(slots) + 1;
    push_data(items_of(std::move(slots)), depth);
  }
  Slot& top() {
    if (m_stack.empty() || (!m_marks.empty() && m_marks.back() == m_stack.size())) {
      refuse("a value is missing");
    }
    return m_stack.back();
  }
  Slot pop() {
    Slot slot = std::move(top());
    m_stack.pop_back();
    return slot;
  }
  /// The last ones that were pushed, in their order.
  Slots pop(std::size_t count) {
    Slots slots(count);
    for (auto each = slots.rbegin(); each != slots.rend(); ++each)
      *each = pop();
    return slots;
  }
  /// What was pushed since the last mark.
  Slots pop_to_mark() {
    if (m_marks.empty()) refuse("a mark is missing");
    const auto from = m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back());
    Slots slots(std::make_move_iterator(from), std::make_move_iterator(m_stack.end()));
    m_stack.erase(from, m_stack.end());
    m_marks.pop_back();
    return slots;
  }

  bool read_number(char opcode) {
    switch (opcode) {
      case 'I':
        push_integer_line();
        return true;
      case 'L':
        push_long_line();
        return true;
      case 'F':
        push_float_line();
        return true;
      case 'G':
        push_big_endian_float();
        return true;
      case 'K':
        push_data(static_cast<std::int64_t>(number(1)));
        return true;
      case 'M':
        push_data(static_cast<std::int64_t>(number(2)));
        return true;
      case 'J':
        push_data(std::int64_t{static_cast<std::int32_t>(number(4))});
        return true;
      case '\x8a':
        push_long(number(1));
        return true;
      case 'N':
        push_data(std::monostate{});
        return true;
      case '\x88':
      case '\x89':
        push_data(opcode == '\x88');
        return true;
      default:
        return false;
    }
  }

  void push_integer_line() {
    const auto text = line();
    if (text == "00" || text == "01") return push_data(text == "01");
    push_integer(text);
  }
  void push_long_line() {
    auto text = line();
    if (!text.empty() && text.back() == 'L') text.remove_suffix(1);
    push_integer(text);
  }
  void push_integer(std::string_view text) {
    const auto value = parse_integer<std::int64_t>(text);
    if (!value) refuse("'" + printable(text, 40) + "' is no number");
    push_data(*value);
  }
  void push_float_line() {
    const auto text = line();
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || rest != text.data() + text.size()) {
      refuse("'" + printable(text, 40) + "' is no number");
    }
    push_data(value);
  }
  void push_big_endian_float() {
    std::uint64_t bits = 0;
    for (const char byte : take(8))
      bits = bits << 8U | static_cast<unsigned char>(byte);
    push_data(std::bit_cast<double>(bits));
  }
  /// Two's complement, little endian, of any length.
  void push_long(std::uint64_t size) {
    if (size > 8) refuse("a number has more than 64 bits");
    if (size == 0) return push_data(std::int64_t{0});
    const auto unused = 64 - 8 * size;
    push_data(static_cast<std::int64_t>(number(static_cast<std::size_t>(size)) << unused) >>
              static_cast<std::int64_t>(unused));
  }

  bool read_string(char opcode) {
    switch (opcode) {
      case 'S':
        push_text(unquoted_text(line()));
        return true;
      case 'V':
        push_text(decoded_unicode(line()));
        return true;
      case 'U':
        push_data(std::string(take(number(1))));
        return true;
      case 'T':
        push_data(std::string(take(number(4))));
        return true;
      case 'X':
        push_text(utf8(take(number(4))));
        return true;
      default:
        return false;
    }
  }

  void push_text(std::optional<std::string> text) {
    if (!text) refuse("a text has no quotes, a broken escape or no valid encoding");
    push_data(*std::move(text));
  }

  static std::optional<std::string> utf8(std::string_view bytes) {
    if (!is_utf8(bytes)) return std::nullopt;
    return std::string(bytes);
  }

  bool build(char opcode) {
    switch (opcode) {
      case '(':
        m_marks.push_back(m_stack.size());
        spend(1);
        return true;
      case 't':
      case 'l':
        push_list(pop_to_mark());
        return true;
      case '\x85':
      case '\x86':
      case '\x87':
        push_list(pop(static_cast<std::size_t>(opcode - '\x84')));
        return true;
      case ')':
      case ']':
        push_data(Pickle::List{}, 1);
        return true;
      case 'd':
        push_dict(pop_to_mark());
        return true;
      case '}':
        push_data(Pickle::Dict{}, 1);
        return true;
      default:
        return extend(opcode);
    }
  }

  bool extend(char opcode) {
    switch (opcode) {
      case 'a':
        append(pop(1));
        return true;
      case 'e':
        append(pop_to_mark());
        return true;
      case 's':
        set_items(pop(2));
        return true;
      case 'u':
        set_items(pop_to_mark());
        return true;
      default:
        return false;
    }
  }

  void append(Slots slots) {
    auto* list = std::get_if<Pickle::List>(&top().value.data);
    if (list == nullptr) refuse("something is appended to what is no list");
    deepen(slots);
    for (Pickle& value : values_of(std::move(slots)))
      list->push_back(std::move(value));
  }
  void set_items(Slots slots) {
    auto* dict = std::get_if<Pickle::Dict>(&top().value.data);
    if (dict == nullptr) refuse("an item is set in what is no dict");
    deepen(slots);
    for (auto& item : items_of(std::move(slots)))
      dict->push_back(std::move(item));
  }
  /// The value on top of the stack takes these in.
  void deepen(const Slots& slots) {
    top().depth = checked_depth(std::max(top().depth, deepest_of(slots) + 1));
  }

  bool remember(char opcode) {
    switch (opcode) {
      case '\x80':
        if (number(1) > 2) refuse("its protocol is newer than 2");
        return true;
      case 'p':
        return put(memo_line());
      case 'q':
        return put(number(1));
      case 'r':
        return put(number(4));
      case 'g':
        return get(memo_line());
      case 'h':
        return get(number(1));
      case 'j':
        return get(number(4));
      default:
        return false;
    }
  }

  std::uint64_t memo_line() {
    const auto index = parse_integer<std::uint64_t>(line());
    if (!index) refuse("a reference is no number");
    return *index;
  }

  /// Lists and dicts grow after they were remembered: only their place is kept, to refuse them
  /// clearly. A tuple is a list here; it has everything already.
  bool put(std::uint64_t index) {
    const Slot& slot = top();
    const auto* list = slot.value.as_list();
    if (slot.value.as_dict() != nullptr || (list != nullptr && list->empty())) {
      m_memo.erase(index);
    } else {
      spend(count_values(slot.value));
      m_memo[index] = slot;
    }
    return true;
  }
  bool get(std::uint64_t index) {
    const auto found = m_memo.find(index);
    if (found == m_memo.end()) refuse("a reference leads to no plain value");
    spend(count_values(found->second.value));
    m_stack.push_back(found->second);
    return true;
  }

  std::string_view m_rest;
  std::size_t m_budget;
  Slots m_stack;
  std::vector<std::size_t> m_marks;  ///< sizes of the stack
  std::map<std::uint64_t, Slot> m_memo;
};

}  // namespace

Expected<Pickle> read_pickle(std::string_view bytes, std::size_t max_values) {
  try {
    return Reader(bytes, max_values).run();
  } catch (const Refusal& refusal) {
    return fail(refusal.kind, std::string("not a pickle of plain data: ") + refusal.what());
  }
}

}  // namespace pulse2::base
