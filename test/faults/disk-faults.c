/*
 * A disk that fails on demand, for a program that this is preloaded into (LD_PRELOAD).
 *
 * DISK_FAULTS names a directory. While there is a file of these names in it, calls on files whose path contains its
 * content fail:
 *   full    writes, with ENOSPC; statfs says that nothing is free
 *   sync    fsync and fdatasync, with EIO
 *   commit  writes through a descriptor that syncs each of them (O_DSYNC), with EIO
 *   read    reads, with EIO
 *   open    opening, with EACCES
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

static int strikes_path(const char *fault, const char *path) {
  const char *directory = getenv("DISK_FAULTS");
  char name[4096], part[4096];
  if (directory == NULL) return 0;
  snprintf(name, sizeof name, "%s/%s", directory, fault);
  int control = syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
  if (control < 0) return 0;
  long length = syscall(SYS_read, control, part, sizeof part - 1);
  syscall(SYS_close, control);
  if (length <= 0) return 0;
  part[length] = 0;
  return strstr(path, part) != NULL;
}

static int strikes(const char *fault, int fd) {
  char link[64], path[4096];
  int saved = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (length < 0) length = 0;
  path[length] = 0;
  int found = strikes_path(fault, path);
  errno = saved;
  return found;
}

static int fails_to_write(int fd) {
  if (strikes("full", fd)) {
    errno = ENOSPC;
    return 1;
  }
  if ((fcntl(fd, F_GETFL) & O_DSYNC) && strikes("commit", fd)) {
    errno = EIO;
    return 1;
  }
  return 0;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define FAILING(result, name, condition, error, parameters, arguments) \
  result name parameters {                                             \
    if (condition) {                                                   \
      if (error) errno = error;                                        \
      return -1;                                                       \
    }                                                                  \
    return NEXT(name) arguments;                                       \
  }

#define WRITING(name, parameters, arguments) FAILING(ssize_t, name, fails_to_write(fd), 0, parameters, arguments)
WRITING(write, (int fd, const void *bytes, size_t count), (fd, bytes, count))
WRITING(writev, (int fd, const struct iovec *pieces, int count), (fd, pieces, count))
WRITING(pwrite, (int fd, const void *bytes, size_t count, off_t at), (fd, bytes, count, at))
WRITING(pwrite64, (int fd, const void *bytes, size_t count, off64_t at), (fd, bytes, count, at))
WRITING(pwritev, (int fd, const struct iovec *pieces, int count, off_t at), (fd, pieces, count, at))
WRITING(pwritev64, (int fd, const struct iovec *pieces, int count, off64_t at), (fd, pieces, count, at))

#define ASKING(name, type)                                        \
  int name(const char *path, struct type *found) {                \
    int result = NEXT(name)(path, found);                         \
    if (result == 0 && strikes_path("full", path)) found->f_bavail = 0; \
    return result;                                                \
  }
ASKING(statfs, statfs)
ASKING(statfs64, statfs64)

#define SYNCING(name) FAILING(int, name, strikes("sync", fd), EIO, (int fd), (fd))
SYNCING(fsync)
SYNCING(fdatasync)

#define READING(name, parameters, arguments) FAILING(ssize_t, name, strikes("read", fd), EIO, parameters, arguments)
READING(read, (int fd, void *bytes, size_t count), (fd, bytes, count))
READING(pread, (int fd, void *bytes, size_t count, off_t at), (fd, bytes, count, at))
READING(pread64, (int fd, void *bytes, size_t count, off64_t at), (fd, bytes, count, at))
READING(preadv, (int fd, const struct iovec *pieces, int count, off_t at), (fd, pieces, count, at))
READING(preadv64, (int fd, const struct iovec *pieces, int count, off64_t at), (fd, pieces, count, at))

#define OPENING(name)                                     \
  int name(const char *path, int flags, ...) {            \
    va_list more;                                         \
    va_start(more, flags);                                \
    mode_t mode = va_arg(more, mode_t);                   \
    va_end(more);                                         \
    if (strikes_path("open", path)) {                     \
      errno = EACCES;                                     \
      return -1;                                          \
    }                                                     \
    return NEXT(name)(path, flags, mode);                 \
  }
OPENING(open)
OPENING(open64)
