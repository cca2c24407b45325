/* map.c - mappings as memory: mmap, munmap, mprotect and mremap
 *
 * A mapping is memory whose bytes are the kernel's. The collector and close() take it away, but one
 * whose address was stored by point() stays mapped until nobody has that pointer any more: until
 * then the kernel may be handed it, and another mapping must not have come to lie there. So its
 * finalizer is not the mapping's own, which Lua could call, but that of an *owner*: a userdata that
 * only the mapping's table of targets leads to. The owner knows by a table with weak keys who has a
 * pointer; such a key stays for as long as a finalizer could still bring it back. (Two memories
 * that point to each other, one of them a mapping, stay for good.) What PROT_READ or
 * PROT_WRITE does not allow is an error here and not a signal. A file that shrinks under its
 * mapping still means SIGBUS, as mmap(2) says.
 */
#include "lua/bind/bind.h"

#include <errno.h>
#include <sys/mman.h>

#include "lua/raw/entry.h"
#include "raw/number.h"

enum { FIXED = MAP_FIXED | 0x100000 /* MAP_FIXED_NOREPLACE, Linux 4.17 */ };

enum { OWNED = 1, HOLDERS }; /* an owner's user values */

/* The owners' metatable in the registry; the owner in a mapping's table of targets. */
static const char owners_key[] = "syscall.owners";

static bool failed(long result)
{
	return (unsigned long)result > (unsigned long)-4096;
}

long memory_release(struct memory *memory)
{
	unsigned char *bytes = memory->bytes;

	if (memory->root || !bytes)
		return 0;
	if (!memory->mapped) {
		memory->bytes = NULL; /* they lie in the userdata, which goes by itself */
		return 0;
	}
	if (memory->pinned) {
		/* closed to Lua; the owner, which knows when no pointer is left, unmaps */
		memory->root = NULL;
		memory->offset = (size_t)bytes;
		memory->bytes = NULL;
		return 0;
	}
	memory->bytes = NULL;
	(void)map_changes(1);
	return raw_entry(RAW_munmap, (long)bytes, (long)memory->size, 0, 0, 0, 0);
}

static void arm(lua_State *lua, int index)
{
	lua_rawgetp(lua, LUA_REGISTRYINDEX, owners_key);
	lua_setmetatable(lua, index < 0 ? index - 1 : index); /* its finalizer is due once more */
}

/* Whether the memory on top of the stack still has a pointer to @memory or a part of it. */
static bool points_to(lua_State *lua, const struct memory *memory)
{
	int top = lua_gettop(lua);
	bool found = false;

	if (lua_getiuservalue(lua, -1, 1) == LUA_TTABLE) {
		lua_pushnil(lua);
		while (!found && lua_next(lua, -2)) {
			struct memory *target = memory_test(lua, -1);

			found = target && memory_root(target) == memory;
			lua_pop(lua, 1);
		}
	}
	lua_settop(lua, top);
	return found;
}

/* The finalizer of an owner. It waits where somebody still has a pointer: an object that is
 * finalized in the same collection, or what such a one leads to. */
static int collect(lua_State *lua)
{
	struct memory *memory;

	lua_getiuservalue(lua, 1, OWNED);
	memory = lua_touserdata(lua, -1);
	lua_getiuservalue(lua, 1, HOLDERS);
	lua_pushnil(lua);
	while (lua_next(lua, -2)) {
		lua_pop(lua, 1);
		if (points_to(lua, memory)) {
			arm(lua, 1);
			return 0;
		}
	}
	memory->pinned = false;
	if (!memory->bytes && memory->offset != 0) {
		memory->bytes = (unsigned char *)memory->offset;
		memory->offset = 0;
	}
	(void)memory_release(memory); /* nobody is left to hear of it */
	return 0;
}

static void weak_keys(lua_State *lua)
{
	lua_newtable(lua);
	lua_createtable(lua, 0, 1);
	lua_pushliteral(lua, "k");
	lua_setfield(lua, -2, "__mode");
	lua_setmetatable(lua, -2);
}

/* Gives the mapping on top of the stack, which has no bytes yet, its owner. */
static void make_owner(lua_State *lua)
{
	memory_targets(lua, -1);
	(void)lua_newuserdatauv(lua, 0, 2);
	lua_pushvalue(lua, -3);
	lua_setiuservalue(lua, -2, OWNED);
	weak_keys(lua);
	lua_setiuservalue(lua, -2, HOLDERS);
	arm(lua, -1);
	lua_rawsetp(lua, -2, owners_key);
	lua_pop(lua, 1);
}

void map_hold(lua_State *lua, int holder, int target)
{
	struct memory *memory = memory_test(lua, target);
	int top = lua_gettop(lua);

	if (!memory || !memory_root(memory)->mapped)
		return;
	luaL_checkstack(lua, 8, NULL);
	memory_root(memory)->pinned = true;
	memory_targets(lua, target);
	lua_rawgetp(lua, -1, owners_key);
	lua_getiuservalue(lua, -1, HOLDERS);
	memory_push_root(lua, holder);
	if (lua_touserdata(lua, -1) != memory_root(memory)) {
		lua_pushboolean(lua, 1);
		lua_rawset(lua, -3);
	}
	lua_settop(lua, top);
}

unsigned long map_changes(unsigned int more)
{
	static unsigned long count;

	count += more;
	return count;
}

static unsigned char guard_of(lua_Integer prot)
{
	return (unsigned char)((prot & PROT_READ ? 0 : GUARD_READ) |
			       (prot & PROT_WRITE ? 0 : GUARD_WRITE));
}

static size_t check_length(lua_State *lua, int index)
{
	lua_Integer length = luaL_checkinteger(lua, index);

	luaL_argcheck(lua, length > 0, index, "a length above 0 expected");
	return (size_t)length;
}

/* map(metatable, length, prot, flags, fd, offset) - memory, or nil and an error. The kernel chooses
 * the place: a fixed one could lie over anything. */
static int map(lua_State *lua)
{
	size_t length = check_length(lua, 2);
	lua_Integer prot = luaL_checkinteger(lua, 3);
	lua_Integer flags = luaL_checkinteger(lua, 4);
	lua_Integer fd = luaL_checkinteger(lua, 5);
	lua_Integer offset = luaL_checkinteger(lua, 6);
	struct memory *memory;
	long at;

	luaL_checktype(lua, 1, LUA_TTABLE);
	luaL_argcheck(lua, !(flags & FIXED), 4, "a fixed place is for syscall.unsafe");
	/* The userdata first: if that fails nothing is mapped yet. */
	lua_pushvalue(lua, 1);
	memory = memory_new(lua, 0);
	memory->bytes = NULL;
	memory->mapped = true;
	make_owner(lua);
	at = raw_entry(RAW_mmap, 0, (long)length, (long)prot, (long)flags, (long)fd, (long)offset);
	if (failed(at))
		return bind_error(lua, (int)-at);
	memory->bytes = (unsigned char *)at;
	memory->size = length;
	memory->guard = guard_of(prot);
	return 1;
}

static struct memory *check_mapping(lua_State *lua)
{
	struct memory *memory = memory_check(lua, 1);

	luaL_argcheck(lua, memory->mapped, 1, "a mapping expected");
	return memory;
}

/* protect(mapping, prot [, key, denied]) - mprotect(2) on all of it; with a key pkey_mprotect(2),
 * where @denied is what the key's rights refuse (PKEY_DISABLE_ACCESS, PKEY_DISABLE_WRITE). */
static int protect(lua_State *lua)
{
	struct memory *memory = check_mapping(lua);
	lua_Integer prot = luaL_checkinteger(lua, 2);
	lua_Integer key = luaL_optinteger(lua, 3, -1);
	lua_Integer denied = luaL_optinteger(lua, 4, 0);
	long ret = raw_entry(lua_isnoneornil(lua, 3) ? RAW_mprotect : RAW_pkey_mprotect,
			     (long)memory->bytes, (long)memory->size, (long)prot, (long)key, 0, 0);

	if (ret < 0)
		return bind_error(lua, (int)-ret);
	if (denied & 1)
		prot = PROT_NONE;
	else if (denied & 2)
		prot &= ~(lua_Integer)PROT_WRITE;
	memory->guard = guard_of(prot);
	lua_pushboolean(lua, 1);
	return 1;
}

/* remap(mapping, length, flags) - mremap(2); the same object has the new place and length. One that
 * is pointed to may not move. */
static int remap(lua_State *lua)
{
	struct memory *memory = check_mapping(lua);
	size_t length = check_length(lua, 2);
	lua_Integer flags = luaL_optinteger(lua, 3, MREMAP_MAYMOVE);
	long at;

	luaL_argcheck(lua, !(flags & ~(lua_Integer)MREMAP_MAYMOVE), 3,
		      "only MREMAP_MAYMOVE is safe");
	luaL_argcheck(lua, length >= memory->size || !memory->pinned, 2,
		      "a pointer to this mapping is stored in a structure");
	if (memory->pinned)
		flags = 0;
	at = raw_entry(RAW_mremap, (long)memory->bytes, (long)memory->size, (long)length,
		       (long)flags, 0, 0);
	if (failed(at))
		return bind_error(lua, (int)-at);
	(void)map_changes(1);
	memory->bytes = (unsigned char *)at;
	memory->size = length;
	lua_settop(lua, 1);
	return 1;
}

/* ismapping(value) - whether it is a mapping or a slice of one, and not closed */
static int is_mapping(lua_State *lua)
{
	struct memory *memory = memory_test(lua, 1);

	lua_pushboolean(lua, memory && memory_at(memory) && memory_root(memory)->mapped);
	return 1;
}

void map_open(lua_State *lua)
{
	static const luaL_Reg functions[] = {
		{ "map", map },     { "protect", protect },
		{ "remap", remap }, { "ismapping", is_mapping },
		{ NULL, NULL },
	};

	luaL_setfuncs(lua, functions, 0);
	lua_createtable(lua, 0, 1);
	lua_pushcfunction(lua, collect);
	lua_setfield(lua, -2, "__gc");
	lua_rawsetp(lua, LUA_REGISTRYINDEX, owners_key);
}
