#include "http/conditional.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "http/date.hpp"
#include "http/etag.hpp"

namespace pulse2::http {
namespace {

using Match = bool (*)(std::string_view, std::string_view) noexcept;

/// Whether a list of entity tags, or `*` for any, holds the current one.
bool names_current(std::string_view list, std::string_view etag, Match match) {
  const auto tags = list_elements(list);
  if (tags.size() == 1 && tags.front() == "*") return true;
  return std::any_of(tags.begin(), tags.end(),
                     [&](std::string_view tag) { return match(tag, etag); });
}

std::optional<std::int64_t> date_of(const RequestHead& head, std::string_view name) {
  const auto text = find_field(head.fields, name);
  return text ? parse_date(base::trim(*text)) : std::nullopt;
}

/// Steps 1 and 2 of RFC 9110 §13.2.2: the state that a client relies on is gone.
bool is_precondition_failed(const RequestHead& head, const Validators& current) {
  if (const auto tags = join_fields(head.fields, "If-Match")) {
    return !names_current(*tags, current.etag, strong_match);
  }
  const auto date = date_of(head, "If-Unmodified-Since");
  return date && current.last_modified > *date;
}

/// Steps 3 and 4: the client has the representation already.
bool is_not_modified(const RequestHead& head, const Validators& current) {
  if (const auto tags = join_fields(head.fields, "If-None-Match")) {
    return names_current(*tags, current.etag, weak_match);
  }
  const auto date = date_of(head, "If-Modified-Since");
  return date && current.last_modified <= *date;
}

/// Step 5: without If-Range a range always counts; with it, for the same representation only.
bool does_range_count(const RequestHead& head, const Validators& current) {
  const auto condition = find_field(head.fields, "If-Range");
  if (!condition) return true;
  const std::string_view value = base::trim(*condition);
  if (value.find('"') != std::string_view::npos) return strong_match(value, current.etag);
  return parse_date(value) == current.last_modified;
}

}  // namespace

Decision decide(const RequestHead& head, const Validators& current, std::uint64_t size) {
  if (is_precondition_failed(head, current)) return {412, {}};
  if (is_not_modified(head, current)) return {304, {}};
  // RFC 9110 §14.2: ranges are defined for GET only.
  if (head.method != "GET") return {200, {}};
  const auto range = join_fields(head.fields, "Range");
  if (!range || !does_range_count(head, current)) return {200, {}};
  RangeRequest request = parse_range(*range, size);
  switch (request.outcome) {
    case RangeOutcome::partial:
      return {206, std::move(request.ranges)};
    case RangeOutcome::unsatisfiable:
      return {416, {}};
    case RangeOutcome::whole:
      break;
  }
  return {200, {}};
}

}  // namespace pulse2::http
