# words.bats: where options and words of a verb may stand, and an answer that cannot be written
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2154 # the program's; set by Bats and lib/launch

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/sandbox

setup() {
	workspace
	profile small <<<'return profile { extends = "base", seccomp = { guard = { "no-vsock" } } }'
	# shellcheck disable=SC2016 # Lua's
	profile given <<-'END'
		local arg = params { size = size {} }
		return profile { extends = "base", mounts = { tmpfs { "/t", size = arg.size } } }
	END
}

@test "options of check, seccomp and why may stand behind their words" {
	launch -0 check "$WORK/given.lua" --set size=1M
	[[ $output == "$WORK/given.lua: valid"* ]]
	launch -0 seccomp stats "$WORK/given.lua" --set size=1M
	launch -0 seccomp compile "$WORK/small.lua" -o behind
	launch -0 seccomp -o before compile "$WORK/small.lua"
	launch -0 seccomp compile --to=between "$WORK/small.lua"
	[[ -s behind ]]
	cmp behind before
	cmp behind between
	launch -0 why read_dir / -p "$WORK/small.lua" --tmpfs /mnt
	launch -0 why read_dir --profile "$WORK/given.lua" / --set size=1M
}

@test "behind -- everything is a word, and a lone - is one" {
	launch -1 check -- --set
	[[ $stderr == *"profile: --set: no such profile"* ]]
	launch -1 check -
	[[ $stderr == *'profile: "-": '* || $stderr == *"profile: -: "* ]]
}

@test "a command's own options are not read" {
	launch -0 run -p "$WORK/small.lua" echo -p none --help
	[[ $output == '-p none --help' ]]
	launch -0 lua - -v <<<'print(...)'
}

@test "a word that a verb does not take is misuse, and says what it takes" {
	launch -2 doctor default
	[[ $stderr == *"default: is one word too many (\`lunette doctor [-p PROFILE]\`)" ]]
	launch -2 profiles default
	[[ $stderr == *"default: is one word too many (\`lunette profiles\`)" ]]
	launch -0 doctor default --help
}

@test "a misspelt option is likened to one that is near, and to none that is not" {
	launch -125 run --walll 1s -- true
	[[ $stderr == *"did you mean --wall?"* ]]
	launch -125 run --bogus -- true
	[[ $stderr == *"--bogus: no such option (\`lunette run --help\` lists them)" ]]
}

@test "the help of seccomp tells its questions, and that of why the rights of Landlock" {
	launch -0 seccomp --help
	local word
	for word in dump sim why stats groups verify compile; do
		[[ $output == *$'\n'"  $word "* ]]
	done
	launch -0 why --help
	while read -r _ word _; do
		[[ $output == *" $word"[,$'\n']* || $output == *" $word"$'\n'* ]]
	done < <(grep -P '^(fs|net)\t' "$BATS_TEST_DIRNAME/../../policy/tables/landlock.tsv")
}

@test "an answer that cannot be written is told, and no success" {
	local words expected
	for words in --help --version "run --help" profiles doctor "check $WORK/small.lua" \
		"plan -p $WORK/small.lua -- true" "seccomp stats $WORK/small.lua" \
		"why -p $WORK/small.lua read_dir /"; do
		expected=1
		[[ $words != why* ]] || expected=2 # 1 is an answer there
		# shellcheck disable=SC2016,SC2086 # for the shell there; words
		run "-$expected" bash -c '"$LUNETTE" "$@" >/dev/full' bash $words
		[[ ${lines[-1]} == "lunette: standard output: No space left on device" ]]
	done
}

# example FILE - the first profile of a document, without what marks the text up
example() {
	sed -n '/^ *local arg = params { dir/,/^ *}$/p' "$BATS_TEST_DIRNAME/../../docs/$1" |
		sed 's/\\-/-/g; /overlay { "\/opt/d'
}

@test "the profiles that the documents show are valid, and programs run in them" {
	local file
	for file in man/lunette-profile.5.in design.md; do
		example "$file" >shown.lua
		[[ $(tail -n 1 shown.lua) == *"}" ]]
		launch -0 check ./shown.lua
		launch -0 run -p ./shown.lua -- sh -c 'ls; echo "$(id -u) in $PWD"'
		[[ $output == *shown.lua* && $output == *" in /box" ]]
	done
}
