#include "net/file_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "http/file_plan.hpp"
#include "http/listing.hpp"
#include "http/mime.hpp"
#include "http/percent.hpp"
#include "log/log.hpp"
#include "net/open_file_cache.hpp"
#include "os/beneath.hpp"
#include "os/walk.hpp"

namespace pulse2::net {

namespace asio = boost::asio;

namespace {

constexpr int k_ok = 200;  // all of the file
constexpr std::int64_t k_ns_per_second = 1'000'000'000;
constexpr std::size_t k_entries_in_a_turn = 256;  // of a listing, before others get their turn

/// Steps of this size keep the generations of different trees apart.
std::uint64_t next_tree() {
  static std::atomic<std::uint64_t> trees{0};
  return trees.fetch_add(1) << 40;
}

/// Folders of the list that exist: a missing one must not take the whole tree away.
std::vector<std::string> existing(const std::vector<std::string>& folders) {
  std::vector<std::string> found;
  std::copy_if(folders.begin(), folders.end(), std::back_inserter(found),
               [](const auto& folder) { return os::status_of(folder).has_value(); });
  return found;
}

http::Response not_found() {
  return http::error_page(404, "There is no such file here.");
}

/// No descriptor is left, which is no reason to say that a file does not exist.
http::Response overloaded() {
  auto response = http::error_page(503, "The server has too many files open at this moment.");
  response.headers.push_back({"Retry-After", "5"});
  return response;
}

/// Whether a Host header can be put into a URL as it is.
bool is_plain_host(std::string_view host) {
  constexpr std::string_view k_safe =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]";
  return !host.empty() && host.find_first_not_of(k_safe) == std::string_view::npos;
}

/// To the same folder with a slash at the end; the query stays.
http::Response add_slash(const Request& request) {
  std::string location;
  if (const auto host = request.head.header("Host"); is_plain_host(host)) {
    location = (request.peer.tls ? "https://" : "http://") + std::string(host);
  }
  location += http::encode_path(request.head.path) + '/';
  if (!request.head.query.empty()) location += '?' + request.head.query;
  return http::redirect(std::move(location));
}

/// What the link at `relative` leads to. Error: it leads nowhere, or out of the tree.
base::Expected<os::FileStatus> status_behind_link(const os::Root& root,
                                                  const std::string& relative) {
  const auto target = root.open_beneath(relative, O_PATH);
  if (!target) return tl::unexpected(target.error());
  return os::status_of(target->get(), relative);
}

/// A line of the listing; nothing for what would not be served.
std::optional<http::ListingEntry> listing_entry(const std::string& name,
                                                const os::FileStatus& status) {
  if (!status.is_folder() && !status.is_regular()) return std::nullopt;
  return http::ListingEntry{name, status.is_folder(), status.size,
                            status.mtime_ns / k_ns_per_second};
}

}  // namespace

FileTree::FileTree(std::string root, std::string prefix, std::vector<std::string> follow_links_to)
    : m_root(std::move(root)),
      m_prefix(std::move(prefix)),
      m_follow_links_to(std::move(follow_links_to)),
      m_generation(next_tree()) {
  m_rules.methods = {"GET", "HEAD"};
  m_rules.max_body = 0;
}

FileTree::~FileTree() = default;

void FileTree::hide(std::vector<std::string> names) {
  m_hidden = std::move(names);
}

const Rules& FileTree::rules(const http::RequestHead& /*head*/, const Peer& /*peer*/) const {
  return m_rules;
}

std::optional<http::Response> FileTree::respond_at_once(const Request& request) {
  auto answer = this->answer(request);
  if (answer.folder) return std::nullopt;
  return std::move(answer.response);
}

asio::awaitable<http::Response> FileTree::respond(const Request& request) {
  auto answer = this->answer(request);
  if (answer.folder) co_return co_await list_folder(request, answer);
  co_return std::move(answer.response);
}

FileTree::Answer FileTree::answer(const Request& request) const {
  const std::string_view path = request.head.path;
  if (path.size() == m_prefix.size()) return {add_slash(request)};
  // Without the prefix and the slash after it.
  auto relative = path.substr(m_prefix.size() + 1);
  const bool slash = relative.empty() || relative.back() == '/';
  if (slash && !relative.empty()) relative.remove_suffix(1);
  if (is_hidden(relative)) return {not_found()};
  auto opened = open(relative);
  if (!opened) {
    const bool full = opened.error().kind == base::ErrorKind::limit_exceeded;
    return {full ? overloaded() : not_found()};
  }
  if ((*opened)->status.is_folder()) {
    if (!slash) return {add_slash(request)};
    return {{}, *std::move(opened), std::string(relative)};
  }
  return {slash ? not_found() : serve_file(request.head, *opened)};
}

bool FileTree::is_hidden(std::string_view relative) const {
  while (true) {
    const auto part = relative.substr(0, relative.find('/'));
    if (part.starts_with(os::k_temporary_prefix) ||
        std::find(m_hidden.begin(), m_hidden.end(), part) != m_hidden.end()) {
      return true;
    }
    if (part.size() == relative.size()) return false;
    relative.remove_prefix(part.size() + 1);
  }
}

base::Expected<std::shared_ptr<const OpenFile>> FileTree::open(std::string_view relative) const {
  const auto generation = m_generation.load(std::memory_order_acquire);
  const OpenFileCache::Key key{generation, relative};
  auto& cache = OpenFileCache::of_this_thread();
  if (auto kept = cache.find(key)) return kept;
  auto file = open_anew(relative);
  if (!file && file.error().kind == base::ErrorKind::limit_exceeded) {
    // What is kept open only for speed gives way.
    cache.clear();
    file = open_anew(relative);
  }
  if (!file) return tl::unexpected(std::move(file).error());
  return cache.insert(key, std::move(*file));
}

base::Expected<std::shared_ptr<OpenFile>> FileTree::open_anew(std::string_view relative) const {
  using base::ErrorKind;
  const auto root = os::Root::open(m_root, existing(m_follow_links_to));
  if (!root) {
    if (const auto times = m_unavailable.happened(Occasional::Time::clock::now())) {
      log::warning("http.files.unavailable", "{}; {} times", root.error().for_operator(), times);
    }
    return tl::unexpected(root.error());
  }
  // O_NONBLOCK: a FIFO must not hold the thread up.
  auto fd = root->open_beneath(relative, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) {
    const auto kind = fd.error().kind;
    if (kind == ErrorKind::permission_denied || kind == ErrorKind::limit_exceeded) {
      // Whoever asks for it again and again does not fill the log.
      if (const auto times = m_refused.happened(Occasional::Time::clock::now())) {
        log::warning("http.files.refused", "{}: {}; {} times", m_root, fd.error().for_operator(),
                     times);
      }
    }
    return tl::unexpected(std::move(fd).error());
  }
  auto status = os::status_of(fd->get(), relative);
  if (!status) return tl::unexpected(std::move(status).error());
  if (!status->is_folder() && !status->is_regular()) {
    return base::fail(ErrorKind::not_found, "neither a file nor a folder");
  }
  const auto name = relative.substr(relative.rfind('/') + 1);
  auto facts = http::describe_file(status->size, status->mtime_ns, status->inode,
                                   std::string(http::mime_type(name)));
  return std::make_shared<OpenFile>(OpenFile{std::move(*fd), *status, std::move(facts)});
}

http::Response FileTree::serve_file(const http::RequestHead& head,
                                    const std::shared_ptr<const OpenFile>& file) const {
  auto response = http::plan_file(file->facts, head);
  if (auto* body = std::get_if<http::FileBody>(&response.body)) {
    body->fd = file->fd.get();
    body->owner = file;
    if (response.status == k_ok) body->content = file->content;
  }
  return response;
}

asio::awaitable<http::Response> FileTree::list_folder(const Request& request,
                                                      const Answer& answer) const {
  const int folder = answer.folder->fd.get();
  const auto items = os::list_folder(folder);
  if (!items) co_return http::error_page(items.error());
  const auto root = os::Root::open(m_root, existing(m_follow_links_to));
  if (!root) co_return not_found();
  const std::string prefix = answer.relative.empty() ? "" : answer.relative + '/';
  std::vector<http::ListingEntry> entries;
  entries.reserve(items->size());
  std::size_t turn = 0;
  for (const auto& item : *items) {
    if (++turn % k_entries_in_a_turn == 0) {
      co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
    if (is_hidden(item.name)) continue;
    const auto status = item.kind == os::FolderItem::Kind::link
                            ? status_behind_link(*root, prefix + item.name)
                            : os::link_status_of(folder, item.name);
    if (!status) continue;
    if (auto entry = listing_entry(item.name, *status)) entries.push_back(std::move(*entry));
  }
  co_return http::listing_page(request.head.path, std::move(entries), !answer.relative.empty());
}

}  // namespace pulse2::net
