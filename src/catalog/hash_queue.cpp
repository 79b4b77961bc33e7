#include "catalog/hash_queue.hpp"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include "catalog/package_reader.hpp"

namespace pulse2::catalog {

using base::Expected;
using base::Md5Digest;

namespace {

/// Read of each file at a time: what all lanes read fits into the processor's own memory.
constexpr std::size_t k_chunk = 64UL * 1024;
/// Asked for ahead of each file: a disk that moves its head from file to file loses little.
constexpr std::uint64_t k_read_ahead = 2ULL << 20U;
/// After so many bytes a thread makes way for what else waits for it.
constexpr std::uint64_t k_bytes_per_turn = 64ULL << 20U;
/// What opening a file takes, in bytes that could be hashed meanwhile.
constexpr std::uint64_t k_cost_of_file = 64ULL * 1024;

/// A file while it is read.
struct OpenFile {
  os::UniqueFd fd;
  std::uint64_t size = 0;
  std::uint64_t done = 0;
  base::Md5Message message;
};

}  // namespace

struct HashQueue::Worker::Open {
  Item item;
  OpenFile file;
  std::optional<base::Error> failure = {};
};

HashQueue::Worker::Worker(HashQueue& queue)
    : m_queue(queue), m_lanes(base::md5_lane_counts().back()) {}

HashQueue::Worker::~Worker() = default;

bool HashQueue::Worker::run() {
  if (!m_buffer) m_buffer = std::make_unique_for_overwrite<char[]>(m_lanes * k_chunk);
  m_spent = 0;
  for (open_more(); !m_open.empty() && !m_queue.m_is_cancelled(); open_more()) {
    if (m_spent >= k_bytes_per_turn) return true;
    read_chunks();
  }
  return false;
}

void HashQueue::Worker::open_more() {
  while (m_spent < k_bytes_per_turn && m_open.size() < m_lanes) {
    auto items = m_queue.next(m_open.size(), m_lanes - m_open.size());
    if (items.empty()) return;
    for (auto& item : items)
      open(std::move(item));
  }
}

void HashQueue::Worker::open(Item item) {
  m_spent += k_cost_of_file;
  const auto& status = item.files->status(item.file);
  auto fd = open_unchanged(m_queue.m_root, item.files->path(item.file), status);
  if (!fd) return m_queue.end(item, tl::unexpected(std::move(fd).error()));
  OpenFile file{std::move(*fd), status.size, 0, {}};
  m_open.push_back({std::move(item), std::move(file)});
}

/// Takes in the next chunk of every open file, and lets go of those that end with it.
void HashQueue::Worker::read_chunks() {
  // All are asked for before the first is waited for: the disk has a choice.
  for (const auto& open : m_open) {
    const auto& file = open.file;
    if (file.done % k_read_ahead == 0 && file.size > 0) {
      os::read_ahead(file.fd.get(), file.done, k_read_ahead);
    }
  }
  std::vector<base::Md5Part> parts;
  for (std::size_t i = 0; i < m_open.size(); ++i) {
    if (const auto part = read_chunk(m_open[i], m_buffer.get() + i * k_chunk)) {
      parts.push_back(*part);
    }
  }
  base::md5_take(parts);
  const auto ended = std::stable_partition(m_open.begin(), m_open.end(), [](const Open& open) {
    return !open.failure && open.file.done < open.file.size;
  });
  for (auto open = ended; open != m_open.end(); ++open)
    end(std::move(*open));
  m_open.erase(ended, m_open.end());
}

/// Nothing when the file can't be read; it has its failure then.
std::optional<base::Md5Part> HashQueue::Worker::read_chunk(Open& open, char* buffer) {
  auto& file = open.file;
  const auto want =
      static_cast<std::size_t>(std::min<std::uint64_t>(k_chunk, file.size - file.done));
  const auto got = os::read_at(file.fd.get(), buffer, want, file.done);
  if (!got || *got != want) {
    open.failure = got ? changed_while_read(open.item.files->path(open.item.file)) : got.error();
    return std::nullopt;
  }
  file.done += *got;
  m_spent += *got;
  m_queue.m_meter.add_bytes(*got);
  return base::Md5Part{&file.message, {buffer, *got}, file.done == file.size};
}

void HashQueue::Worker::end(Open open) {
  const auto& status = open.item.files->status(open.item.file);
  if (!open.failure) {
    const auto after = os::status_of(open.file.fd.get(), {});
    if (!after || *after != status)
      open.failure = changed_while_read(open.item.files->path(open.item.file));
  }
  if (open.failure) return m_queue.end(open.item, tl::unexpected(std::move(*open.failure)));
  m_queue.m_meter.add_file();
  m_queue.end(open.item, base::md5_digest(open.file.message));
}

// Few files go to no more threads than there are cores: spread over more, they would leave lanes
// empty that cost as much as full ones.
HashQueue::HashQueue(const os::Root& root, std::size_t threads, ProgressMeter& meter,
                     std::function<bool()> is_cancelled)
    : m_root(root),
      m_sharing(std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, threads)),
      m_meter(meter),
      m_is_cancelled(std::move(is_cancelled)) {}

void HashQueue::add(std::shared_ptr<HashedFiles> files, std::size_t file) {
  const std::lock_guard lock(m_mutex);
  m_waiting.push_back({std::move(files), file});
  ++m_unfinished;
}

bool HashQueue::is_empty() const {
  const std::lock_guard lock(m_mutex);
  return m_waiting.empty();
}

std::vector<HashQueue::Item> HashQueue::next(std::size_t open, std::size_t room) {
  const std::lock_guard lock(m_mutex);
  const std::size_t share = (m_unfinished + m_sharing - 1) / m_sharing;
  if (share <= open) return {};
  const std::size_t count = std::min({share - open, room, m_waiting.size()});
  const auto last = m_waiting.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Item> items(std::make_move_iterator(m_waiting.begin()),
                          std::make_move_iterator(last));
  m_waiting.erase(m_waiting.begin(), last);
  return items;
}

void HashQueue::end(const Item& item, Expected<Md5Digest> digest) {
  item.files->take(item.file, std::move(digest));
  const std::lock_guard lock(m_mutex);
  --m_unfinished;
}

}  // namespace pulse2::catalog
