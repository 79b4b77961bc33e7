#include "imaging/former_queue.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/pickle.hpp"

namespace pulse2::imaging {

using base::Pickle;

namespace {

constexpr std::string_view k_prefix = "imaging.";
constexpr double k_latest = 1e11;  // seconds; beyond it lies no date

xmlrpc::Value to_value(const Pickle& pickle);

xmlrpc::Value to_value(std::monostate /*none*/) {
  return xmlrpc::Nil{};
}
template <class Plain>
xmlrpc::Value to_value(const Plain& plain) {
  return plain;
}
xmlrpc::Value to_value(const Pickle::List& list) {
  xmlrpc::Array array;
  for (const Pickle& each : list)
    array.push_back(to_value(each));
  return array;
}
xmlrpc::Value to_value(const Pickle::Dict& dict) {
  xmlrpc::Struct members;
  for (const auto& [key, value] : dict) {
    if (const std::string* name = key.as_text()) members[*name] = to_value(value);
  }
  return members;
}
xmlrpc::Value to_value(const Pickle& pickle) {
  return std::visit([](const auto& data) { return to_value(data); }, pickle.data);
}

std::optional<std::chrono::milliseconds> to_time(const Pickle& pickle) {
  double seconds = 0;
  if (const auto* real = std::get_if<double>(&pickle.data)) {
    seconds = *real;
  } else if (const auto* whole = std::get_if<std::int64_t>(&pickle.data)) {
    seconds = static_cast<double>(*whole);
  } else {
    return std::nullopt;
  }
  if (!(std::abs(seconds) < k_latest)) return std::nullopt;
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

/// Nothing for what is no call.
std::optional<FormerCall> to_call(const Pickle& key, const Pickle& value) {
  const auto time = to_time(key);
  const auto* parts = value.as_list();
  if (!time || parts == nullptr || parts->size() != 3) return std::nullopt;
  const auto* method = (*parts)[1].as_text();
  const auto* params = (*parts)[2].as_list();
  if (method == nullptr || !method->starts_with(k_prefix) || params == nullptr) return std::nullopt;
  FormerCall former;
  for (const Pickle& each : *params)
    former.params.push_back(to_value(each));
  former.call = {0, *time, lane_of(former.params), *method};
  return former;
}

}  // namespace

std::string lane_of(const xmlrpc::Array& params) {
  const auto lane = params.size() > 1 ? params[1].as_string() : std::nullopt;
  return std::string(lane.value_or(""));
}

base::Expected<std::vector<FormerCall>> read_former_queue(std::string_view bytes) {
  auto pickle = base::read_pickle(bytes);
  if (!pickle) return tl::unexpected(std::move(pickle).error());
  const auto* dict = pickle->as_dict();
  if (dict == nullptr) return base::fail(base::ErrorKind::malformed, "the queue is no dict");
  std::vector<FormerCall> calls;
  for (const auto& [key, value] : *dict) {
    if (auto call = to_call(key, value)) calls.push_back(*std::move(call));
  }
  std::stable_sort(calls.begin(), calls.end(), [](const FormerCall& a, const FormerCall& b) {
    return a.call.first_made < b.call.first_made;
  });
  std::int64_t id = 0;
  for (FormerCall& former : calls)
    former.call.id = ++id;
  return calls;
}

}  // namespace pulse2::imaging
