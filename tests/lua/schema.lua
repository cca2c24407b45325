-- schema.lua - the tables agree with each other, and what is made of them is well-formed

local root = arg[0]:match("^(.*)/tests/") or "."
local front = dofile(root .. "/tests/lib/front.lua")
local tap = dofile(root .. "/tests/lib/tap.lua")

local function read(path)
	local file <close> = assert(io.open(root .. "/" .. path, "rb"))
	return file:read("a")
end

local native = front.native { features = {} }
local schema = native.load("lunette.schema")
local docs = native.load("lunette.schema_doc")
local keys = native.load("lunette.keys")

-- Each key is documented, and each documented key is there.
local documented = {}
for _, row in ipairs(docs.keys) do
	local section, name = row[1]:match("^([%w_]+)%.([%w_]+)$")
	local class = section and type(schema[section]) == "table" and schema[section][name]
		or not section and schema[row[1]]
	tap.ok(type(class) == "string" and row[4] and #row == 4, "schema.lua has " .. row[1])
	documented[row[1]] = true
end
local function check(path, class)
	tap.ok(documented[path], "schema_doc.lua has " .. path)
	if path ~= "seccomp.guard" and path ~= "mounts" then
		tap.ok(type(keys[class:match("^%a+")]) == "function", path .. " has a type: " .. class)
	end
end
for name, class in pairs(schema) do
	if type(class) == "table" then
		for below, inner in pairs(class) do
			check(name .. "." .. below, inner)
		end
	else
		check(name, class)
	end
end

-- So is each word.
local words = {}
for _, row in ipairs(docs.words) do
	words[row[1]] = true
	local plan, err = front.plan("return profile { doc = type(" .. row[1] .. ") }")
	tap.ok(plan, "a profile knows " .. row[1], front.message(err))
end
for name in read("lua/lunette/words.lua"):match("local classes = {(.-)\n}"):gmatch("([%w_]+) = ") do
	tap.ok(words[name], "schema_doc.lua has the word " .. name)
end

-- Options
local names, letters = {}, {}
for _, row in ipairs(native.load("lunette.options").rows) do
	tap.ok(not names[row.name] and not (row.short and letters[row.short]) and #row.help < 100
		and not row.help:find("%.$"), "option " .. row.name)
	names[row.name] = true
	letters[row.short or ""] = true
end

-- The generators' output
local made = os.tmpname()
local lua = arg[-1]
local function generate(script, arguments)
	local command = ("cd '%s' && '%s' lua/generate/%s '%s' %s")
		:format(root, lua, script, made, arguments)
	local good = os.execute(command)
	local file <close> = assert(io.open(made, "rb"))
	return good and file:read("a") or ""
end
local pages = {}
for _, page in ipairs { "lunette.1", "lunette-profile.5" } do
	local text = generate("man.lua", "docs/man/" .. page .. ".in lua/lunette launcher/cmd/cmd.h "
		.. "policy/tables/groups.tsv")
	tap.ok(text:find("^%.TH") and not text:find("@%u+@") and not text:find('\n.\\" @'), page)
	pages[page] = text:gsub("\\%-", "-")
end
local help = read("launcher/cmd/main.c"):match('{ "seccomp".-"questions:(.-)\\n\\n"')
for question, wanted in help:gmatch('"  (%a+) ([A-Z%[%]@ ]+)') do
	local kinds = table.concat(docs.questions[question] or {}, " "):upper()
	tap.ok(kinds == wanted:gsub("%s+$", ""):gsub("NAME$", "CALL"):gsub("%[@CALL%]", "GROUP")
		or question == "groups" and kinds == "GROUP", "completions know the words of " .. question, kinds)
	tap.ok(pages["lunette.1"]:find("\n\\fB" .. question .. "\\fR"), "lunette(1) has " .. question)
end
tap.ok(pages["lunette-profile.5"]:find("limits.wall", 1, true), "lunette-profile(5) has the keys")
for line in read("policy/tables/groups.tsv"):gmatch("[^\n]+") do
	local name = line:match("^@%S+")
	if name then
		tap.ok(pages["lunette-profile.5"]:find("\\fB" .. name .. "\\fR", 1, true),
			"lunette-profile(5) has the group " .. name)
	end
end

for verb in read("launcher/cmd/main.c"):gmatch('\n\t{ "(%a+)", "') do
	tap.ok(docs.verbs[verb], "completions know the words of " .. verb)
end

-- Each guard is described, and there.
local guards = native.load("lunette.rules").named
local described = {}
for _, row in ipairs(docs.guards) do
	described[row[1]] = true
	tap.ok(guards[row[1]] ~= nil and pages["lunette-profile.5"]:find(row[1], 1, true),
		"the guard " .. row[1])
end
for name in pairs(guards) do
	tap.ok(described[name], "schema_doc.lua has the guard " .. name)
end
tap.ok(load(generate("meta.lua", "lua/lunette")), "the annotations are Lua")
for _, shell in ipairs { "bash", "zsh" } do
	tap.ok(generate("completion.lua", shell .. " lua/lunette policy/tables"):find("--wall", 1, true),
		"completion for " .. shell)
end
tap.ok(generate("options.lua", "lua/lunette/options.lua"):find('{ "wall", 0, "TIME"', 1, true),
	"the table for C")
os.remove(made)

-- The example of the design is a profile.
local example = read("docs/design.md"):match("\n(    local arg = params.-\n    }\n)")
local usual = {
	files = { ["/bin"] = "-> usr/bin", ["/sbin"] = "-> usr/sbin", ["/lib"] = "-> usr/lib",
		["/lib64"] = "-> usr/lib64" },
	features = { landlock = "7" },
}
local plan, err = front.plan(example, { host = usual })
tap.ok(plan, "the design's example is a plan", front.message(err))

-- What one launch loads
for profile, most in pairs { default = 36700, untrusted = 44500 } do
	local loaded, size = {}, 0
	assert(front.plan("", { profile = profile, host = { loaded = loaded, files = {
		["/bin"] = "dir", ["/sbin"] = "dir", ["/lib"] = "dir" } } }))
	for _, name in ipairs(loaded) do
		local path = root .. "/lua/lunette/" .. name:match("%.(.*)$") .. ".lua"
		size = size + #string.dump(assert(loadfile(path)), true)
	end
	tap.ok(size <= most, ("%s loads %d bytes of bytecode, at most %d"):format(profile, size, most),
		table.concat(loaded, " "))
end

tap.done()
