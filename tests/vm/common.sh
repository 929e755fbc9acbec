# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# What the scripts of this folder share.

# Everything that is fetched or made is kept here, outside the tree.
cache=${STAP_VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/stap-vm}

# The kernels to test on: a series, or the newest that the distribution builds.
all_kernels='6.1 6.12 newest'

# Exit statuses of "lab run" that are not the command's own.
rc_limit=124 rc_died=125 rc_missing=126

say() { echo "${0##*/}: $*" >&2; }
