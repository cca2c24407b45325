# cgroup_shares.bats: what slows a program down rather than ending it: rates of a disk, shares of a
# CPU, memory.high; each against the same without. Minutes where there is no KVM.
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2034,SC2154 # launch reads LAUNCH_AS
# bats file_tags=slow

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox
load ../lib/cgroup

setup() {
	cgroup_setup
}

teardown() {
	cgroup_teardown
}

# copied LIMITS ARGUMENT... - sets TOOK to the milliseconds that dd says it took inside
copied() {
	limited 0 "$1" dd "${@:2}"
	[[ $stderr =~ copied,\ ([0-9]+)(\.([0-9]{0,3}))?[0-9]*\ s ]]
	local fraction=${BASH_REMATCH[3]}000
	TOOK=$((BASH_REMATCH[1] * 1000 + 10#${fraction:0:3}))
}

# slowed KEY ARGUMENT... - dd takes two seconds with what KEY says (three, but for the first burst),
# and not half of that with a thousand times as much
slowed() {
	copied "io = { { \"$DISK\", $1 } }" "${@:2}"
	((TOOK > 1800))
	[[ $(reported io) == true ]]
	copied "io = { { \"$DISK\", ${1}000 } }" "${@:2}"
	((TOOK < 900))
}

@test "io: a disk's bandwidth and its operations, read and written" {
	disk
	rates() {
		slowed 'wbps = 1048576' if=/dev/zero of=file bs=1M count=3 oflag=direct
		slowed 'rbps = 1048576' if=file of=/dev/null bs=1M count=3 iflag=direct
		slowed 'wiops = 20' if=/dev/zero of=file bs=4k count=60 oflag=direct
		slowed 'riops = 20' if=file of=/dev/null bs=4k count=60 iflag=direct
		rm file
	}
	each rates
}

@test "io: what is not named has no limit" {
	disk
	WHO=root
	values "io = { { \"$DISK\", riops = 100, wbps = \"1M\" } }"
	[[ $(<"$LEAF/io.max") == *"rbps=max wbps=1048576 riops=100 wiops=max"* ]]
	end_values
}

@test "memory.high: what can be given back is, and the program is not ended" {
	disk # whose pages can be
	high() {
		limited 0 'memory_high = "16M"' dd if=/dev/zero of=file bs=1M count=64
		(($(reported memory_peak_kib) < 40 * 1024))
		limited 0 'memory = "400M"' dd if=/dev/zero of=file bs=1M count=64
		(($(reported memory_peak_kib) > 60 * 1024))
		rm file
	}
	each high
}

# spent REPORT - microseconds of a processor
spent() {
	local text
	text=$(<"$1")
	[[ $text =~ \"user_us\":\ ([0-9]+) ]]
	local user=${BASH_REMATCH[1]}
	[[ $text =~ \"system_us\":\ ([0-9]+) ]]
	echo $((user + BASH_REMATCH[1]))
}

# race WEIGHT OTHER - two sandboxes want the same processor; sets RATIO to what the first got of it,
# in hundredths of what the other got
race() {
	local weight number=0 pids=()
	rm -f go report1 report2
	for weight in "$1" "$2"; do
		number=$((number + 1))
		echo "return profile { extends = 'default', limits = { cpu_weight = $weight } }" \
			>"weight$number.lua"
		as_caller taskset --cpu-list 0 "$LUNETTE" run -p "$WORK/weight$number.lua" \
			--report "$WORK/report$number" -- sh -c 'echo; until [ -e go ]; do sleep 0.2; done
				for i in 1 2 3; do ./probe spin 2000; done' </dev/null >"up$number" 2>&1 3>&- &
		pids+=($!)
	done
	within 30 test -s up1
	within 30 test -s up2
	touch go
	wait "${pids[0]}"
	wait "${pids[1]}"
	RATIO=$(($(spent report1) * 100 / $(spent report2)))
	echo "$1 to $2: $RATIO"
}

@test "cpu_weight: a sandbox gets its share of a processor that another wants, too" {
	need_controller cpu
	shares() {
		race 400 100
		((RATIO > 220))
		race 100 100
		((RATIO > 60 && RATIO < 160))
	}
	each shares
}
