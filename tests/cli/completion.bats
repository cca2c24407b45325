# completion.bats: what bash and zsh offer behind the words that are there
# shellcheck shell=bats disable=SC2030,SC2031,SC2154,SC2317 # set by Bats; called by tests

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/sandbox

setup() {
	workspace
	: >mine.lua
	: >notes.txt
	# The completion asks `lunette` for its profiles, and bash-completion for those of commands.
	lunette() { "$LUNETTE" "$@"; }
	_command_offset() { COMPREPLY=("command from $1"); }
	# shellcheck disable=SC1091 # made by the build
	source "$(dirname "$LUNETTE")/generated/completion/lunette"
}

# offers WORD... - what is offered for the last WORD, on one line, sorted
offers() {
	COMP_WORDS=(lunette "$@")
	COMP_CWORD=$#
	set +e # as in a terminal
	_lunette lunette "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	set -e
	output=$(printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd ' ')
}

@test "verbs, and their options" {
	offers s
	[[ $output == seccomp ]]
	offers run --wa
	[[ $output == --wall ]]
	offers check --wa
	[[ $output == "" ]]
}

@test "seccomp wants a question, then what that asks about" {
	offers seccomp ""
	[[ $output == "compile dump groups sim stats verify why" ]]
	offers seccomp dump un
	[[ $output == untrusted ]]
	offers seccomp dump m
	[[ $output == mine.lua ]]
	offers seccomp dump untrusted ""
	[[ $output == "" ]]
	offers seccomp why untrusted openat
	[[ $output == "openat openat2" ]]
	offers seccomp -o file sim untrusted io_uring_s
	[[ $output == io_uring_setup ]]
	offers seccomp groups @io
	[[ $output == "@io-uring" ]]
	offers seccomp --to no
	[[ $output == notes.txt ]]
}

@test "why wants a right and a path, lua and check want files, and no host command is offered" {
	offers why make_
	[[ $output == "make_block make_char make_dir make_fifo make_reg make_sock make_sym" ]]
	offers why -p untrusted connect_t
	[[ $output == connect_tcp ]]
	offers why read_file no
	[[ $output == notes.txt ]]
	offers lua mi
	[[ $output == mine.lua ]]
	offers lua mine.lua no
	[[ $output == notes.txt ]]
	offers check default mi
	[[ $output == mine.lua ]]
	offers doctor ""
	[[ $output == "" ]]
	offers profiles ""
	[[ $output == "" ]]
}

@test "what follows run and plan is a command, and all behind it the command's" {
	offers run -p sh
	[[ $output == shell ]]
	offers run bas
	[[ " $output " == *" bash "* ]]
	offers run --wall = 3 ca
	[[ " $output " == *" cat "* ]]
	offers run --wall 3 ls -
	[[ $output == "command from 4" ]]
	offers run -- ls -
	[[ $output == "command from 3" ]]
	offers plan --ro /usr ls x
	[[ $output == "command from 4" ]]
}

# zsh_offers LINE... - what zsh offers at the end of each, on a line each
zsh_offers() {
	command -v zsh >/dev/null || skip "host: zsh is not installed"
	local built
	built=$(dirname "$LUNETTE")
	mkdir offers
	PATH=$built:$PATH OFFERS=$PWD/offers run -0 timeout 120 zsh -f \
		"$BATS_TEST_DIRNAME/../lib/offers.zsh" "$built/generated/completion" "$@" 3>&-
	echo "$output"
	mapfile -t lines <<<"$output" # the empty ones too
}

@test "zsh offers verbs, their options, and values in each form" {
	zsh_offers s "run --wa" "check --wa" "run -p un" "run -pun" "run --profile=un" \
		"run --wall=3 --ro=no"
	[[ ${lines[0]} == seccomp && ${lines[1]} == --wall && ${lines[2]} == "" ]]
	[[ ${lines[3]} == untrusted && ${lines[4]} == untrusted && ${lines[5]} == untrusted ]]
	[[ ${lines[6]} == notes.txt ]]
}

@test "zsh knows what a question of seccomp asks about" {
	zsh_offers "seccomp " "seccomp dump m" "seccomp dump untrusted " \
		"seccomp -o file sim untrusted io_uring_s" "seccomp groups @io"
	[[ ${lines[0]} == "compile dump groups sim stats verify why" ]]
	[[ ${lines[1]} == mine.lua && ${lines[2]} == "" ]]
	[[ ${lines[3]} == io_uring_setup && ${lines[4]} == "@io-uring" ]]
}

@test "zsh offers rights and files behind why, lua and check" {
	zsh_offers "why -p untrusted connect_t" "why read_file no" "lua mine.lua no" "check default mi"
	[[ ${lines[0]} == connect_tcp && ${lines[1]} == notes.txt ]]
	[[ ${lines[2]} == notes.txt && ${lines[3]} == mine.lua ]]
}

@test "zsh takes what follows run and plan for a command, and all behind it for the command's" {
	zsh_offers "run bas" "run -- bas" "run --wall 3 ls --alm" "run -- ls --alm" \
		"plan --ro /usr ls no"
	[[ " ${lines[0]} " == *" bash "* && " ${lines[1]} " == *" bash "* ]]
	[[ ${lines[2]} == --almost-all && ${lines[3]} == --almost-all && ${lines[4]} == notes.txt ]]
}
