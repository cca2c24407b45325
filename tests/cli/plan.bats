# plan.bats: `lunette plan`, its hash, and `run --plan`
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

@test "a plan is text, sorted, stable, and begins as it should" {
	launch -0 plan -- id -u
	local first=$output
	[[ ${lines[0]} == "lunette-plan 1" ]]
	launch -0 plan -- id -u
	[[ $output == "$first" ]]
	expect_line "arg id"
	expect_line "arg -u"
	expect_line "profile default"
	LC_ALL=C sort -s -k1,1 -c <(tail -n +2 <<<"$first" | grep .)
}

@test "the plan shows what an option changes and nothing else" {
	launch -0 plan -- true
	printf '%s\n' "$output" >before
	launch -0 plan --hostname other -- true
	printf '%s\n' "$output" >after
	run diff before after
	[[ $(grep -c '^[<>] hostname ' <<<"$output") == 2 ]]
	[[ $(grep '^[<>]' <<<"$output" | grep -vc '^[<>] \(hostname\|origin\|input\) ') == 0 ]]
}

@test "a plan with a limit of 0 is refused with its line" {
	local line
	launch -0 plan --wall 5s -- true
	printf '%s\n' "$output" >kept
	line=$(grep -n '^limit.wall' kept)
	sed 's/^limit.wall .*/limit.wall 0/' kept >zero
	launch -125 run --plan zero
	expect_error plan "line ${line%%:*}: limit.wall: less than 1: nothing could run"
	sed 's/^limit.wall .*/limit.pids 1/' kept >one
	launch -125 run --plan one
	expect_error plan "limit.pids: pid 1 and the program are two: nothing could run"
	# The control, with one that is a limit as 0 too.
	grep -qx "limit.core 0" kept
	launch -0 run --plan kept
}

@test "--json is valid and holds the same" {
	need_command python3
	launch -0 plan --json -- id -u
	printf '%s\n' "$output" >plan.json
	python3 -m json.tool plan.json >/dev/null
	[[ $(json plan.json 'it["arg"]') == '[["id"], ["-u"]]' ]]
	[[ $(json plan.json 'it["hostname"]') == '["lunette"]' ]]
}

@test "bytes of every kind survive the plan and its JSON" {
	launch -0 plan -- printf $'a\nb' $'\xff' '' 'x\y' 'sp ace'
	expect_line 'arg a\x0ab'
	expect_line 'arg \xff'
	expect_line 'arg \e'
	expect_line 'arg x\x5cy'
	expect_line 'arg sp\x20ace'
	launch -0 plan --json -- printf $'a\nb' $'\xff' ''
	printf '%s\n' "$output" | python3 -m json.tool >/dev/null
}

@test "values of kept variables are not in the plan, but a digest of those the profile read is" {
	export SECRET_VALUE=hunter2
	launch -0 plan --env SECRET_VALUE -- true
	[[ $output == *"env.keep SECRET_VALUE"* && $output != *hunter2* ]]
	profile p <<<'return profile { extends = "base",
			hostname = host.env.SECRET_VALUE and "yes" or "no" }'
	launch -0 plan -p "$WORK/p.lua" -- true
	[[ $output == *"input env SECRET_VALUE "* && $output != *hunter2* ]]
}

@test "the report's hash is that of the plan's text without origins, inputs and skips" {
	launch -0 plan -- true
	local digest
	digest=$(grep -vE '^(origin|input|skipped) ' <<<"$output" | sha256sum | cut -d' ' -f1)
	launch -0 run --report "$WORK/report" -- true
	[[ $(json report 'it["plan"]') == "sha256:$digest" ]]
}

@test "run --plan does what run did" {
	echo here >file
	local code='pwd; cat file; hostname; id -u; ulimit -c; grep Seccomp: /proc/self/status; env |
			sort | grep -v ^_='
	launch -0 run -- sh -c "$code"
	local first=$output
	launch -0 plan -- sh -c "$code"
	printf '%s\n' "$output" >saved.plan
	launch -0 run --plan saved.plan --report "$WORK/report"
	[[ $output == "$first" && -z $stderr ]]
	[[ $(json report 'it["profile"]') == default ]]
}

@test "run --plan takes no command, profile or option but --report" {
	launch -0 plan -p base -- true
	printf '%s\n' "$output" >saved.plan
	local -a extra
	for extra in '-p base' '--hostname x' '--ro /usr:/x' '-- true'; do
		# shellcheck disable=SC2086 # several words
		launch -125 run --plan saved.plan ${extra[0]}
		expect_error usage ''
	done
}

@test "a changed input is reported" {
	echo 'return profile { extends = "base", mounts = host.exists(host.cwd .. "/thing") and {
			dir "/thing" } or nil }' >p.lua
	launch -0 plan -p "$WORK/p.lua" -- true
	[[ $output == *"input exists $WORK/thing"* ]]
	printf '%s\n' "$output" >saved.plan
	launch -0 run --plan saved.plan
	[[ -z $stderr ]]
	echo x >thing
	launch run --plan saved.plan
	[[ $stderr == *"$WORK/thing"* ]]
	rm thing
	echo '-- another text' >>p.lua
	launch run --plan saved.plan
	[[ $stderr == *p.lua* ]]
}

@test "a plan says where its lines were written" {
	profile p <<-'END'
		return profile {
			extends = "base",
			mounts = {
				tmpfs "/scratch",
			},
		}
	END
	launch -0 plan -p "$WORK/p.lua" -- true
	[[ $output == *"origin mount "*"p.lua:4"* ]]
}

@test "a plan from elsewhere cannot name what it may not" {
	launch -0 plan -p base -- true
	printf '%s\n' "$output" >saved.plan
	local from to
	while read -r from to; do
		sed "s#^$from.*#$to#" saved.plan >bad.plan
		cmp -s saved.plan bad.plan && continue
		launch -125 run --plan bad.plan
		expect_error plan ''
	done <<-'END'
		hostname hostname a b
		process.init process.init 2
		user.uid user.uid 4294967295
		user.uid user.uid 99999999999
		user.uid user.uid -1
		cwd cwd relative
		cwd cwd /a/../b
		cwd cwd /a\x00b
		namespaces namespaces user mount nonsense
		limit.core limit.core many
		net net wire
		seccomp.default seccomp.default errno:99999
		seccomp.default seccomp.default perhaps
	END
	sed 's/^seccomp.rule.*/seccomp.rule x86_64 kill 5-3/' saved.plan >bad.plan
	launch -125 run --plan bad.plan
	expect_error plan seccomp.rule
	{ cat saved.plan; echo 'zzz 1'; } >bad.plan
	launch -125 run --plan bad.plan
	{ cat saved.plan; echo 'arg late'; } >bad.plan
	launch -125 run --plan bad.plan
	expect_error plan ''
}

@test "plan checks as run does, and runs nothing" {
	launch -0 plan -- sh -c 'echo ran >ran'
	[[ ! -e ran ]]
	launch plan -p no-such-profile -- true
	[[ $status != 0 && $stderr == *no-such-profile* ]]
	launch plan
	[[ $status == 2 ]]
}
