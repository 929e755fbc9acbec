/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_STDFDS_H
#define BASE_STDFDS_H

/*
 * A standard descriptor that the caller closed would be taken by the next file
 * we open, and the script's output would go there. This puts /dev/null in its
 * place, opened for the other direction, so that using it is an error, as the
 * caller asked for. To be called first in main().
 */
void reserve_standard_fds(void);

#endif
