rockspec_format = "3.0"
package = "lunette-syscall"
version = "scm-1"
description = {
   summary = "Linux system calls for plain Lua 5.4",
   detailed = [[
ljsyscall's interface over the C API of plain Lua: fd objects, string flags, structures
with named fields, error objects. Needs scons and a C compiler to build.]],
   license = "MIT",
}
source = { url = "file://." }
supported_platforms = { "linux" }
dependencies = { "lua >= 5.4, < 5.5" }
build = {
   type = "command",
   build_command = "scons libc=glibc build/release-glibc/module/syscall/raw.so",
   install_command = "scons libc=glibc install-library lua_dir=$(LUADIR) lua_libdir=$(LIBDIR)",
}
