#include "net/channel.hpp"

#include <linux/sockios.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "net/tls_output.hpp"

namespace pulse2::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t k_buffer_size = 64 << 10;
/// Bytes that are encrypted for one system call: 64 KiB took 10 % more processor time, 256 KiB no
/// less. What the socket does not take of them is kept for the connection.
constexpr std::size_t k_encrypted_at_once = 128 << 10;

int send_flags(bool more) {
  return MSG_NOSIGNAL | (more ? MSG_MORE : 0);
}

/// Packs pieces into as few TLS records as there can be.
class RecordWriter {
 public:
  explicit RecordWriter(ssl_st* ssl) : m_ssl(ssl) { ERR_clear_error(); }

  void add(std::string_view piece) {
    while (!piece.empty()) {
      if (m_filled == 0 && piece.size() >= m_record.size()) return write(piece);
      const auto size = std::min(piece.size(), m_record.size() - m_filled);
      std::memcpy(m_record.data() + m_filled, piece.data(), size);
      m_filled += size;
      piece.remove_prefix(size);
      if (m_filled == m_record.size()) write_record();
    }
  }
  /// False when something could not be written.
  [[nodiscard]] bool finish() {
    if (m_filled > 0) write_record();
    return !m_failed;
  }

 private:
  void write_record() { write({m_record.data(), std::exchange(m_filled, 0)}); }
  void write(std::string_view bytes) {
    const auto size = static_cast<int>(bytes.size());
    m_failed = m_failed || SSL_write(m_ssl, bytes.data(), size) != size;
  }

  ssl_st* m_ssl;
  std::array<char, SSL3_RT_MAX_PLAIN_LENGTH> m_record;  // NOLINT: filled before it is read
  std::size_t m_filled = 0;
  bool m_failed = false;
};

/// Of the calling thread, for a file's bytes before they are encrypted.
std::span<char> file_buffer() {
  thread_local const auto k_buffer = std::make_unique<std::array<char, k_encrypted_at_once>>();
  return *k_buffer;
}

}  // namespace

std::span<char> thread_buffer() {
  thread_local const auto k_buffer = std::make_unique<std::array<char, k_buffer_size>>();
  return *k_buffer;
}

Channel::Channel(asio::io_context& io, os::UniqueFd socket, std::shared_ptr<const TlsContext> tls)
    : m_io(io), m_socket(std::move(socket)), m_tls(std::move(tls)) {
  if (!m_tls) return;
  m_ssl = SSL_new(m_tls->native());
  if (m_ssl == nullptr) throw std::bad_alloc();
  SSL_set0_rbio(m_ssl, BIO_new_socket(m_socket.get(), BIO_NOCLOSE));
  if (m_tls->kernel_tls()) {
    // The kernel's part is set up on a socket BIO only.
    SSL_set0_wbio(m_ssl, BIO_new_socket(m_socket.get(), BIO_NOCLOSE));
  } else {
    SSL_set0_wbio(m_ssl, make_output_bio());
  }
  SSL_set_accept_state(m_ssl);
}

Channel::~Channel() {
  SSL_free(m_ssl);
}

IoResult Channel::handshake() {
  if (flush().state == Io::closed) return {};
  ERR_clear_error();
  const int done = SSL_do_handshake(m_ssl);
  // Tickets leave in one packet with the answer when a request, or a part of one, is there already.
  const auto result = tls_result(done, done > 0 && SSL_has_pending(m_ssl) != 0);
  if (result.state == Io::moved) choose_output();
  return result;
}

void Channel::choose_output() {
  if (!m_tls->kernel_tls()) return;
  m_kernel_tls = BIO_get_ktls_send(SSL_get_wbio(m_ssl)) != 0;
  if (m_kernel_tls) {
    // Only the socket takes less than it is given, and has calls repeated.
    SSL_set_mode(m_ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  } else {
    SSL_set0_wbio(m_ssl, make_output_bio());
  }
}

IoResult Channel::read(std::span<char> buffer) {
  if (m_ssl == nullptr) {
    if (!m_can_read) return {Io::want_read, 0};
    const auto result =
        system_result(::recv(m_socket.get(), buffer.data(), buffer.size(), 0), Io::want_read);
    if (result.state == Io::moved && result.bytes == 0) return {};
    // Nothing was left over: the poller will tell of more, but not again of an end that it told of.
    if (result.bytes < buffer.size() && !m_peer_ended) m_can_read = false;
    return result;
  }
  if (flush().state == Io::closed) return {};
  ERR_clear_error();
  return tls_result(SSL_read(m_ssl, buffer.data(), static_cast<int>(buffer.size())));
}

IoResult Channel::write(std::span<const iovec> pieces, bool more) {
  more = more || m_end_follows;
  if (m_ssl != nullptr) return tls_write(pieces, more);
  if (pieces.size() == 1) {
    const auto& piece = pieces.front();
    return system_result(::send(m_socket.get(), piece.iov_base, piece.iov_len, send_flags(more)),
                         Io::want_write);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // sendmsg only reads it
  message.msg_iovlen = pieces.size();
  return system_result(::sendmsg(m_socket.get(), &message, send_flags(more)), Io::want_write);
}

IoResult Channel::send_file(int file, std::uint64_t offset, std::uint64_t count) {
  if (m_ssl != nullptr) return tls_send_file(file, offset, count);
  auto position = static_cast<off_t>(offset);
  return system_result(::sendfile(m_socket.get(), file, &position, static_cast<std::size_t>(count)),
                       Io::want_write);
}

IoResult Channel::flush() {
  while (!m_unsent.empty()) {
    const auto sent =
        system_result(::send(m_socket.get(), m_unsent.data(), m_unsent.size(), send_flags(false)),
                      Io::want_write);
    if (sent.state != Io::moved) return sent;
    m_unsent.erase(0, sent.bytes);
  }
  if (m_unsent.capacity() > 0) m_unsent = {};
  return {Io::moved, 0};
}

bool Channel::send_records(bool more) {
  auto& output = tls_output();
  std::size_t sent = 0;
  // Records keep their order: nothing passes those that still wait.
  if (m_unsent.empty() && !output.empty()) {
    const auto result = system_result(
        ::send(m_socket.get(), output.data(), output.size(), send_flags(more)), Io::want_write);
    if (result.state == Io::closed) {
      output.clear();
      return false;
    }
    sent = result.bytes;
  }
  m_unsent.append(output, sent);
  output.clear();
  return true;
}

IoResult Channel::tls_result(int result, bool more) {
  const int reason = result > 0 ? SSL_ERROR_NONE : SSL_get_error(m_ssl, result);
  const bool alive = send_records(more);
  if (!alive) return {};
  if (result > 0) return {Io::moved, static_cast<std::size_t>(result)};
  if (reason == SSL_ERROR_WANT_WRITE) {
    m_can_write = false;
    return {Io::want_write, 0};
  }
  if (reason != SSL_ERROR_WANT_READ) return {};
  m_can_read = false;
  return {m_unsent.empty() ? Io::want_read : Io::want_write, 0};
}

IoResult Channel::system_result(ssize_t result, Io blocked) {
  if (result >= 0) return {Io::moved, static_cast<std::size_t>(result)};
  if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return {};
  // After EINTR the attempt may be repeated at once.
  if (errno != EINTR) (blocked == Io::want_read ? m_can_read : m_can_write) = false;
  return {blocked, 0};
}

IoResult Channel::kernel_write(std::span<const iovec> pieces) {
  std::size_t taken = 0;
  for (const auto& piece : pieces) {
    if (piece.iov_len == 0) continue;
    ERR_clear_error();
    const auto size = static_cast<int>(std::min(piece.iov_len, k_encrypted_at_once));
    const auto result = tls_result(SSL_write(m_ssl, piece.iov_base, size));
    taken += result.bytes;
    if (result.state != Io::moved && taken == 0) return result;
    if (result.bytes < piece.iov_len) break;
  }
  return {Io::moved, taken};
}

IoResult Channel::tls_write(std::span<const iovec> pieces, bool more) {
  if (m_kernel_tls) return kernel_write(pieces);
  if (const auto flushed = flush(); flushed.state != Io::moved) return flushed;
  RecordWriter writer(m_ssl);
  std::size_t taken = 0;
  for (const auto& piece : pieces) {
    const auto size = std::min(piece.iov_len, k_encrypted_at_once - taken);
    writer.add({static_cast<const char*>(piece.iov_base), size});
    taken += size;
    if (taken == k_encrypted_at_once) break;
  }
  if (!writer.finish()) {
    tls_output().clear();
    return {};
  }
  if (!send_records(more)) return {};
  return {Io::moved, taken};
}

IoResult Channel::tls_send_file(int file, std::uint64_t offset, std::uint64_t count) {
  if (m_kernel_tls) {
    ERR_clear_error();
    return tls_result(static_cast<int>(
        SSL_sendfile(m_ssl, file, static_cast<off_t>(offset), static_cast<std::size_t>(count), 0)));
  }
  if (const auto flushed = flush(); flushed.state != Io::moved) return flushed;
  const auto buffer = file_buffer();
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(count, buffer.size()));
  const auto size = ::pread(file, buffer.data(), wanted, static_cast<off_t>(offset));
  if (size < 0) return {};
  if (size == 0) return {Io::moved, 0};
  const iovec piece{buffer.data(), static_cast<std::size_t>(size)};
  return tls_write({&piece, 1}, m_end_follows);
}

void Channel::say_goodbye() {
  if (m_ssl == nullptr || SSL_is_init_finished(m_ssl) == 0) return;
  ERR_clear_error();
  SSL_shutdown(m_ssl);
  send_records(false);
}

void Channel::finish_sending() {
  say_goodbye();
  ::shutdown(m_socket.get(), SHUT_WR);
}

std::string Channel::certificate_subject() const {
  if (m_ssl == nullptr) return {};
  const X509* certificate = SSL_get0_peer_certificate(m_ssl);
  if (certificate == nullptr) return {};
  char* text = X509_NAME_oneline(X509_get_subject_name(certificate), nullptr, 0);
  if (text == nullptr) return {};
  std::string subject(text);
  OPENSSL_free(text);
  return subject;
}

asio::awaitable<bool> Channel::wait(Io wanted, std::chrono::seconds idle) {
  if (m_aborted || wanted == Io::closed) co_return false;
  if (is_ready(wanted)) co_return true;
  m_deadline = Clock::now() + idle;
  m_idle = idle;
  m_waits_to_write = wanted == Io::want_write;
  m_queued = -1;
  const auto keep = [this](Waiter waiter) { m_waiter.emplace(std::move(waiter)); };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(keep, asio::use_awaitable);
  m_deadline = Clock::time_point::max();
  co_return !m_aborted && !m_timed_out;
}

bool Channel::on_ready(os::Poller::Readiness readiness) {
  m_can_read |= readiness.can_read;
  m_can_write |= readiness.can_write;
  m_peer_ended |= readiness.peer_ended;
  if (!m_waiter || !is_ready(m_waits_to_write ? Io::want_write : Io::want_read)) return false;
  auto waiter = std::move(*m_waiter);
  m_waiter.reset();
  std::move(waiter)();
  return true;
}

void Channel::end_wait() {
  if (!m_waiter) return;
  asio::post(m_io, std::move(*m_waiter));
  m_waiter.reset();
}

bool Channel::has_moved() {
  int queued = 0;
  if (::ioctl(m_socket.get(), SIOCOUTQ, &queued) != 0) return false;
  return std::exchange(m_queued, queued) != queued;
}

void Channel::check_deadline(Clock::time_point now) {
  if (m_deadline == Clock::time_point::max()) return;
  // The socket takes more only when a good part of its buffer is free: megabytes may be on the way.
  if (m_waits_to_write && has_moved()) m_deadline = now + m_idle;
  if (now < m_deadline) return;
  m_deadline = Clock::time_point::max();
  m_timed_out = true;
  end_wait();
}

void Channel::abort() {
  m_aborted = true;
  ::shutdown(m_socket.get(), SHUT_RDWR);
  end_wait();
}

}  // namespace pulse2::net
