-- names.lua - files by name: metadata, links, directories

local M = {}

M.rows = {
	stat = "newfstatat: #AT.FDCWD path out:stat #0 -> out",
	lstat = "newfstatat: #AT.FDCWD path out:stat #AT.SYMLINK_NOFOLLOW -> out",
	fstat = "fd out:stat -> out",
	fstatat = "newfstatat: at path out:stat flags:AT -> out",
	statfs = "path out:statfs -> out",
	fstatfs = "fd out:statfs -> out",
	statx = "at path flags:AT flags:STATX out:statx -> out",
	mkdir = "mkdirat: #AT.FDCWD path mode -> true",
	mkdirat = "at path mode -> true",
	rmdir = "unlinkat: #AT.FDCWD path #AT.REMOVEDIR -> true",
	unlink = "unlinkat: #AT.FDCWD path #0 -> true",
	unlinkat = "at path flags:AT -> true",
	chdir = "path -> true",
	fchdir = "fd -> true",
}

return M
