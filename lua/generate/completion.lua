-- completion.lua - completion for bash or zsh out of the table of options
--
--   lua completion.lua OUTPUT bash|zsh lua/lunette

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local schema = dofile(here .. "/schema.lua")
local output, shell, directory = table.unpack(arg, 1, 3)
assert(directory, "usage: completion.lua OUTPUT bash|zsh lua/lunette")
local options = schema.read(directory).options
local verbs = schema.verbs(options)

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

-- Its places: verbs, a case for each verb's options, options with a value, and of these those for a
-- profile, a file, a directory and anything else.
local bash_script = [==[
# bash completion for lunette; made by lua/generate/completion.lua
_lunette() {
	local current=$2 previous=$3 options="" index=2 verb=${COMP_WORDS[1]} profiles
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W '%s --help --version' -- "$current")
		return
	fi
	profiles=$(lunette profiles 2>/dev/null | while read -r name _; do echo "$name"; done)
	case $verb in
%s
	esac
	# Behind the command everything is the command's.
	while ((index < COMP_CWORD)); do
		case ${COMP_WORDS[index]} in
		--) _command_offset $((index + 1)) 2>/dev/null; return ;;
		%s) ((index += 2)) ;;
		-*) ((index += 1)) ;;
		*)
			if [[ $verb != check ]]; then
				_command_offset "$index" 2>/dev/null
				return
			fi
			((index += 1))
			;;
		esac
	done
	case $previous in
	%s)
		mapfile -t COMPREPLY < <(compgen -W "$profiles" -- "$current"; compgen -f -- "$current")
		return
		;;
	%s) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
	%s) mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
	%s) return ;;
	esac
	case $current in
	-*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current") ;;
	*)
		if [[ $verb == check ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$profiles" -- "$current"; compgen -f -- "$current")
		else
			mapfile -t COMPREPLY < <(compgen -c -- "$current")
		fi
		;;
	esac
}
complete -o filenames -F _lunette lunette
]==]

local makers = {}

function makers.bash()
	local cases, values = {}, { profile = {}, file = {}, directory = {}, nothing = {} }
	for _, verb in ipairs(verbs) do
		cases[#cases + 1] = ("\t%s) options='%s' ;;"):format(verb, words(verb))
	end
	local all = {}
	for _, row in ipairs(options) do
		for _, name in ipairs { "--" .. row.name, row.short and "-" .. row.short } do
			if row.metavar then
				table.insert(values[kind(row)], name)
				table.insert(all, name)
			end
		end
	end
	return bash_script:format(table.concat(verbs, " "), table.concat(cases, "\n"),
		table.concat(all, "|"),
		table.concat(values.profile, "|"), table.concat(values.file, "|"),
		table.concat(values.directory, "|"), table.concat(values.nothing, "|"))
end

function makers.zsh()
	local function escaped(text)
		return (text:gsub("'", "'\\''"):gsub("[%[%]:]", "\\%0"))
	end
	local completers = { profile = "_lunette_profiles", file = "_files", directory = "_files",
		nothing = " " }
	local cases = {}
	for _, verb in ipairs(verbs) do
		local specs = {}
		for _, row in ipairs(options) do
			if schema.takes(row, verb) then
				local value = row.metavar
					and ":" .. escaped(row.metavar) .. ":" .. completers[kind(row)] or ""
				local names = row.short and ("'(-%s --%s)'{-%s,--%s}"):format(row.short, row.name,
					row.short, row.name) or "'*--" .. row.name .. "'"
				specs[#specs + 1] = ("%s'[%s]%s'"):format(names, escaped(row.help), value)
			end
		end
		local rest = (verb == "run" or verb == "plan") and "'*::command:_normal'"
			or verb == "check" and "'*:profile:_lunette_profiles'"
		cases[#cases + 1] = ("\t%s)\n\t\t_arguments -S \\\n\t\t\t%s\n\t\t;;"):format(verb,
			table.concat(specs, " \\\n\t\t\t") .. (rest and " \\\n\t\t\t" .. rest or ""))
	end
	return ([==[
#compdef lunette
# zsh completion for lunette; made by lua/generate/completion.lua
_lunette_profiles() {
	local -a names
	names=(${${(f)"$(lunette profiles 2>/dev/null)"}%%%% *})
	_alternative "profiles:profile:($names)" 'files:file:_files -g "*.lua"'
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
]==]):format(table.concat(verbs, " "), table.concat(cases, "\n"))
end

schema.write(output, assert(makers[shell], "bash or zsh")())
