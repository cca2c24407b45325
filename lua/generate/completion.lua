-- completion.lua - completion for bash or zsh out of the tables of options and of verbs
--
--   lua completion.lua OUTPUT bash|zsh lua/lunette policy/tables

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local schema = dofile(here .. "/schema.lua")
local output, shell, directory, tables = table.unpack(arg, 1, 4)
assert(tables, "usage: completion.lua OUTPUT bash|zsh lua/lunette policy/tables")
local read = schema.read(directory)
local options, verbs = read.options, schema.names(read.verbs)

-- The fields that @pattern catches of the lines of a table, each once, sorted, as one text.
local function column(name, pattern)
	local seen = {}
	for line in io.lines(tables .. "/" .. name .. ".tsv") do
		local found = line:match(pattern)
		if found then
			seen[found] = true
		end
	end
	return table.concat(schema.names(seen), " ")
end

-- Kinds of words that are lists.
local lists = {
	question = table.concat(schema.names(read.questions), " "),
	right = column("landlock", "^fs\t(%S+)") .. " " .. column("landlock", "^net\t(%S+)"),
	group = column("groups", "^(@%S+)\t"),
	call = column("calls", "^([%l_][%w_]*)\t"):gsub("^at ", ""):gsub(" at ", " "),
}

-- What a metavar is completed with.
local function kind(row)
	local metavar = row.metavar
	return metavar == "PROFILE" and "profile" or metavar:find("^FILE") and "file"
		or (metavar:find("^SRC") or metavar:find("^DIR")) and "directory" or "nothing"
end

local function words(verb)
	local out = {}
	for _, row in ipairs(options) do
		if schema.takes(row, verb) then
			out[#out + 1] = "--" .. row.name
			out[#out + 1] = row.short and "-" .. row.short or nil
		end
	end
	return table.concat(out, " ")
end

local makers = {}

-- Its places: each kind of word with a list, the verbs, a case for each verb's options and words,
-- options with a value, a case for each question's words, and one for each kind of value.
local bash_script = [==[
# bash completion for lunette; made by lua/generate/completion.lua
_lunette_of() {
	case $1 in
	profile)
		compgen -W "$(lunette profiles 2>/dev/null | sed 's/ .*//')" -- "$2"
		compgen -f -X '!*.lua' -- "$2"
		compgen -d -- "$2"
		;;
	file) compgen -f -- "$2" ;;
	directory) compgen -d -- "$2" ;;
	options) compgen -W "$options" -- "$2" ;;
%s
	esac
}
_lunette() {
	local current=$2 previous=$3 options="" index=2 verb=${COMP_WORDS[1]} kind="" after=""
	local -a kinds=() words=()
	COMPREPLY=()
	[[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W '%s --help --version' -- "$current")
		return
	fi
	case $verb in
%s
	*) return ;;
	esac
	while ((index < COMP_CWORD)); do
		case $after${COMP_WORDS[index]} in
		--) after=/ ;;
		%s)
			((index += 1))
			[[ ${COMP_WORDS[index]} == = ]] && ((index += 1)) # it breaks words
			;;
		-?*) ;;
		*)
			[[ ${kinds[0]} == command ]] && break
			words+=("${COMP_WORDS[index]}")
			;;
		esac
		((index += 1))
	done
	# Behind the command everything is the command's.
	if [[ ${kinds[0]} == command ]] && { [[ $after ]] || ((index < COMP_CWORD)); }; then
		_command_offset "$index" 2>/dev/null
		return
	fi
	if [[ $verb == seccomp ]]; then
		case ${words[0]} in
%s
		esac
	fi
	kind=${kinds[${#words[@]}]}
	[[ ! $kind && ${#kinds[@]} -gt 0 && ${kinds[-1]} == *... ]] && kind=${kinds[-1]}
	if [[ ! $after ]]; then
		case $previous in
%s
		*) [[ $current == -* ]] && kind=options ;;
		esac
	fi
	if [[ $kind == command ]]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$current")
	else
		mapfile -t COMPREPLY < <(_lunette_of "${kind%%...}" "$current")
	fi
}
complete -o filenames -F _lunette lunette
]==]

function makers.bash()
	local of_lists, of_verbs, of_questions, of_values = {}, {}, {}, {}
	for _, name in ipairs(schema.names(lists)) do
		of_lists[#of_lists + 1] = ("\t%s) compgen -W '%s' -- \"$2\" ;;"):format(name, lists[name])
	end
	for _, verb in ipairs(verbs) do
		of_verbs[#of_verbs + 1] = ("\t%s) options='%s' kinds=(%s) ;;"):format(verb, words(verb),
			table.concat(read.verbs[verb], " "))
	end
	for _, name in ipairs(schema.names(read.questions)) do
		of_questions[#of_questions + 1] = ("\t\t%s) kinds=(question %s) ;;"):format(name,
			table.concat(read.questions[name], " "))
	end
	local values, all = {}, {}
	for _, row in ipairs(options) do
		for _, name in ipairs { "--" .. row.name, row.short and "-" .. row.short } do
			if row.metavar then
				values[kind(row)] = values[kind(row)] or {}
				table.insert(values[kind(row)], name)
				table.insert(all, name)
			end
		end
	end
	for _, name in ipairs(schema.names(values)) do
		of_values[#of_values + 1] = ("\t\t%s) kind=%s ;;"):format(table.concat(values[name], "|"), name)
	end
	return bash_script:format(table.concat(of_lists, "\n"), table.concat(verbs, " "),
		table.concat(of_verbs, "\n"), table.concat(all, "|"), table.concat(of_questions, "\n"),
		table.concat(of_values, "\n"))
end

local zsh_script = [==[
#compdef lunette
# zsh completion for lunette; made by lua/generate/completion.lua
_lunette_profiles() {
	local -a names
	names=(${${(f)"$(lunette profiles 2>/dev/null)"}%%%% *})
	_alternative "profiles:profile:($names)" 'files:file:_files -g "*.lua"'
}
_lunette_of() {
	case $1 in
	profile) _lunette_profiles ;;
	file) _files ;;
%s
	esac
}
# A "--" that nothing stands before is left among a command's own words.
_lunette_command() {
	if [[ $words[1] == -- ]]; then
		shift words
		((CURRENT -= 1))
	fi
	_normal
}
# What stands behind a question: @words are those of `seccomp`, the question among the first.
_lunette_asked() {
	local -a kinds
	local word
	for word in $words; do
		case $word in
%s
		*) continue ;;
		esac
		break
	done
	_lunette_of ${kinds[$1]:-nothing}
}
_lunette() {
	if ((CURRENT == 2)); then
		compadd -- %s --help --version
		return
	fi
	local verb=$words[2]
	shift words
	((CURRENT -= 1))
	case $verb in
%s
	esac
}
_lunette "$@"
]==]

-- The words of @verb as _arguments takes them.
local function zsh_words(verb)
	local out = {}
	for index, name in ipairs(read.verbs[verb]) do
		local plain, again = name:match("^(%a+)(.*)$")
		out[#out + 1] = plain == "command" and "'*::command:_lunette_command'"
			or ("'%s:%s: _lunette_of %s'"):format(again == "" and index or "*", plain, plain)
	end
	if verb == "seccomp" then
		out[#out + 1] = "'2: : _lunette_asked 1' '3: : _lunette_asked 2'"
	end
	return out
end

function makers.zsh()
	local function escaped(text)
		return (text:gsub("'", "'\\''"):gsub("[%[%]:]", "\\%0"))
	end
	local completers = { profile = "_lunette_profiles", file = "_files", directory = "_files",
		nothing = " " }
	local of_lists, of_questions, cases = {}, {}, {}
	for _, name in ipairs(schema.names(lists)) do
		of_lists[#of_lists + 1] = ("\t%s) compadd -- %s ;;"):format(name, lists[name])
	end
	for _, name in ipairs(schema.names(read.questions)) do
		of_questions[#of_questions + 1] = ("\t\t%s) kinds=(%s) ;;"):format(name,
			table.concat(read.questions[name], " "))
	end
	for _, verb in ipairs(verbs) do
		local specs = {}
		for _, row in ipairs(options) do
			if schema.takes(row, verb) then
				local value = row.metavar
					and ":" .. escaped(row.metavar) .. ":" .. completers[kind(row)] or ""
				local joined, long = value ~= "" and "+" or "", row.name .. (value ~= "" and "=" or "")
				local names = row.short and ("'(-%s --%s)'{-%s%s,--%s}"):format(row.short, row.name,
					row.short, joined, long) or "'*--" .. long .. "'"
				specs[#specs + 1] = ("%s'[%s]%s'"):format(names, escaped(row.help), value)
			end
		end
		table.move(zsh_words(verb), 1, 3, #specs + 1, specs)
		cases[#cases + 1] = ("\t%s)\n\t\t_arguments -S \\\n\t\t\t%s\n\t\t;;"):format(verb,
			table.concat(specs, " \\\n\t\t\t"))
	end
	return zsh_script:format(table.concat(of_lists, "\n"), table.concat(of_questions, "\n"),
		table.concat(verbs, " "), table.concat(cases, "\n"))
end

schema.write(output, assert(makers[shell], "bash or zsh")())
