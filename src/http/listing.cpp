#include "http/listing.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "http/date.hpp"
#include "http/percent.hpp"

namespace pulse2::http {
namespace {

constexpr std::string_view k_style =
    "body{font-family:sans-serif;margin:2em}td,th{padding:.2em 1em .2em 0;text-align:left}"
    "td.size{text-align:right}";

/// Names are bytes; those that are no UTF-8 are shown as Latin-1 so that the page stays readable.
std::string shown_name(std::string_view name) {
  return base::escape_html(base::is_utf8(name) ? std::string(name) : base::latin1_to_utf8(name));
}

void append_row(std::string& page, const ListingEntry& entry) {
  const std::string_view slash = entry.folder ? "/" : "";
  page += "<tr><td><a href=\"";
  page += encode_path(entry.name);
  page += slash;
  page += "\">";
  page += shown_name(entry.name);
  page += slash;
  page += "</a></td><td class=\"size\">";
  if (!entry.folder) page += base::human_size(static_cast<double>(entry.size));
  page += "</td><td>";
  page += format_date(entry.mtime);
  page += "</td></tr>\n";
}

std::string render_page(std::string_view path, const std::vector<ListingEntry>& entries,
                        bool parent_link) {
  constexpr std::size_t k_row_size = 160;
  const std::string title = "Folder " + shown_name(path);
  std::string page;
  page.reserve(512 + entries.size() * k_row_size);
  page += "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>" + title +
          "</title><style>";
  page += k_style;
  page += "</style></head>\n<body>\n<h1>" + title + "</h1>\n<table>\n";
  page += "<tr><th>Name</th><th>Size</th><th>Last modified</th></tr>\n";
  if (parent_link) page += "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n";
  for (const ListingEntry& entry : entries)
    append_row(page, entry);
  page += "</table>\n</body>\n</html>\n";
  return page;
}

}  // namespace

Response listing_page(std::string_view path, std::vector<ListingEntry> entries, bool parent_link) {
  std::sort(entries.begin(), entries.end(),
            [](const ListingEntry& a, const ListingEntry& b) { return a.name < b.name; });
  Response response;
  response.headers.push_back({"Content-Type", "text/html; charset=utf-8"});
  response.body = render_page(path, entries, parent_link);
  return response;
}

}  // namespace pulse2::http
