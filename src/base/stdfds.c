// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/stdfds.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void reserve_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(1);
}
