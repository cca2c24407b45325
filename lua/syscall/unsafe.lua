-- unsafe.lua - finds syscall.unsafe, which lies in the same shared object as syscall.raw
--
-- The two share their kinds of userdata, so they cannot be two files. Inside lunette this file
-- has no part: both are built in.

local path = assert(package.searchpath("syscall.raw", package.cpath))
return assert(package.loadlib(path, "luaopen_syscall_unsafe"))()
