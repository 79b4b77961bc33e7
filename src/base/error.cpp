#include "base/error.hpp"

#include <cerrno>
#include <system_error>

namespace pulse2::base {

std::string_view name_of(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::invalid_argument:
      return "invalid_argument";
    case ErrorKind::malformed:
      return "malformed";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::already_exists:
      return "already_exists";
    case ErrorKind::permission_denied:
      return "permission_denied";
    case ErrorKind::limit_exceeded:
      return "limit_exceeded";
    case ErrorKind::no_space:
      return "no_space";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::conflict:
      return "conflict";
    case ErrorKind::timed_out:
      return "timed_out";
    case ErrorKind::cancelled:
      return "cancelled";
    case ErrorKind::io:
      return "io";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

std::string Error::for_operator() const {
  return detail.empty() ? message : message + " (" + detail + ")";
}

namespace {

ErrorKind kind_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorKind::not_found;
    case EEXIST:
    case ENOTEMPTY:
      return ErrorKind::already_exists;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
    case EXDEV:
      return ErrorKind::permission_denied;
    case ENOSPC:
    case EDQUOT:
      return ErrorKind::no_space;
    case ENAMETOOLONG:
    case EINVAL:
      return ErrorKind::invalid_argument;
    case EMFILE:
    case ENFILE:
      return ErrorKind::limit_exceeded;
    case ETIMEDOUT:
      return ErrorKind::timed_out;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return ErrorKind::unavailable;
    default:
      return ErrorKind::io;
  }
}

}  // namespace

Error errno_error(int error_number, std::string_view what) {
  return Error{kind_of_errno(error_number),
               std::string(what) + ": " + std::generic_category().message(error_number),
               {}};
}

}  // namespace pulse2::base
