-- tables.lua - what lua/generate/tables.lua says of tables that are wrong, each in its place

local root = arg[0]:match("^(.*)/tests/") or "."
local tap = dofile(root .. "/tests/lib/tap.lua")

local function read(path)
	local file <close> = assert(io.open(path, "rb"))
	return file:read("a")
end

local made = os.tmpname()
os.remove(made)
assert(os.execute(("mkdir -p '%s/tables'"):format(made)))

-- Runs the generator over the tables, of which @name becomes @text, and answers what it says.
local function generate(name, text)
	for _, one in ipairs { "calls", "groups", "constants", "errnos", "capabilities", "landlock" } do
		local file <close> = assert(io.open(("%s/tables/%s.tsv"):format(made, one), "wb"))
		file:write(one == name and text or read(root .. "/policy/tables/" .. one .. ".tsv"))
	end
	local command = "'%s' '%s/lua/generate/tables.lua' '%s/out' '%s/tables' 2>&1"
	local run <close> = assert(io.popen(command:format(arg[-1], root, made, made)))
	return run:read("a")
end

tap.is(generate(), "", "the tables as they are")
tap.ok(read(made .. "/out/raw/number.h"):find("RAW_openat2 437", 1, true), "and what they make")

-- @lines are added to the table @name, and the error names the last of them, or the one @back.
local function wrong(name, lines, want, back)
	local text = read(root .. "/policy/tables/" .. name .. ".tsv") .. lines .. "\n"
	local place = ("%s.tsv:%d: "):format(name, select(2, text:gsub("\n", "\n")) - (back or 0))
	local have = generate(name, text)
	tap.ok(have:find(place .. want, 1, true), name .. ": " .. want, "have: " .. have)
end

wrong("groups", "@one\t@two\tA\n@two\t@one\tB", "@one holds itself", 1)
wrong("groups", "@one\t@one read\tA", "@one holds itself")
wrong("groups", "@one\traed\tA", 'no call or group "raed"')
wrong("calls", "aaa\t1\t-\t-\t-\t-\tdefault\t-", "aaa is out of order")
wrong("calls", "zzz\t1\tdefault\t-", "4 fields in place of 8")
wrong("calls", "at\tnope\ti386\t-", 'no call "nope"')
wrong("constants", "ZZZ\tONE\tone", '"one" is no whole number')
wrong("constants", "ZZZ\tONE\t1\tvax", 'no entry "vax"')
wrong("constants", "ZZZ\tONE\t1\nZZZ\tONE\t2\tx32", "ZZZ ONE has two values at one entry", 1)
wrong("landlock", "sea\tswim\t1\t1\t-", 'no kind "sea"')
assert(os.execute(("rm -r '%s'"):format(made)))
tap.done()
