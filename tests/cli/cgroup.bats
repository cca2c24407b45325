# cgroup.bats: limits that a cgroup holds, at their value, just under and just over it; as root and
# as an ordinary user to whom a cgroup is delegated
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2034,SC2154 # launch reads LAUNCH_AS

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

@test "memory: just under the limit a program ends well" {
	under() {
		limited 0 'memory = "64M"' ./probe memory 56
		[[ $(reported status) == exited ]]
		(($(reported memory_peak_kib) >= 56 * 1024))
		(($(reported memory_peak_kib) <= 64 * 1024))
		[[ $(reported memory) == 67108864 ]]
	}
	each under
}

@test "memory: at the limit and over it the sandbox is killed, with status 123" {
	over() {
		local size
		for size in 64 72; do
			limited 123 'memory = "64M"' ./probe memory "$size"
			[[ $(reported status) == memory && $(reported signal) == 9 ]]
			(($(reported oom_kills) > 0))
		done
	}
	each over
}

# bats test_tags=slow
@test "memory: the positive control: without the limit the same program ends well" {
	control() {
		limited 0 '' ./probe memory 72
		[[ $(reported oom_kills) != 1 ]]
	}
	each control
}

# bats test_tags=slow
@test "memory: a file in a tmpfs counts" {
	in_tmpfs() {
		limited 123 'memory = "32M"' dd if=/dev/zero of=/tmp/file bs=1M count=64
		[[ $(reported status) == memory ]]
		limited 0 'memory = "128M"' dd if=/dev/zero of=/tmp/file bs=1M count=64
	}
	each in_tmpfs
}

# bats test_tags=slow
@test "memory: several processes count together, and all of them end" {
	together() {
		limited 123 'memory = "48M"' sh -c 'for i in 1 2 3 4; do ./probe memory 24 & done; wait
				echo survived'
		[[ $output != *survived* && $(reported status) == memory ]]
	}
	each together
}

# bats test_tags=slow
@test "memory: what the program is killed by otherwise is not called memory" {
	other() {
		limited 137 'memory = "64M"' sh -c 'kill -KILL $$'
		[[ $(reported status) == signaled ]]
		limited 124 'memory = "64M", wall = "300ms"' sleep 10
		[[ $(reported status) == timeout ]]
		limited 3 'memory = "64M"' sh -c 'exit 3'
		[[ $(reported status) == exited ]]
	}
	each other
}

# bats test_tags=slow
@test "memory: a kill for want of memory above the sandbox is no matter of its limit" {
	above() {
		echo 0 >"$TREE/memory.swap.max"
		echo 100M >"$TREE/memory.max"
		limited 137 'memory = "1G"' ./probe memory 160
		[[ $(reported status) == signaled && $(reported signal) == 9 ]]
		(($(reported oom_kills) > 0))
		[[ $stderr == *"memory was used up outside of the sandbox"* ]]
		# The control.
		echo max >"$TREE/memory.max"
		limited 0 'memory = "1G"' ./probe memory 160
	}
	[[ -e $TREE/memory.swap.max ]] || skip "host: no accounting of swap"
	each above
}

# bats test_tags=slow
@test "memory: less than setting up takes is an error that says so" {
	tiny() {
		limited 125 'memory = 4096' true
		[[ $stderr == *memory* ]]
	}
	each tiny
}

@test "pids: as many as the limit says, not one more" {
	pids() {
		# pid 1 and the program itself count
		limited 0 'pids = 10' ./probe forks 8
		[[ $output == "forked 8" && $(reported pids_peak) == 10 ]]
		[[ $(reported pids_refused) == 0 ]]
		limited 1 'pids = 10' ./probe forks 9
		[[ $output == "forked 8" && $(reported pids_peak) == 10 ]]
		(($(reported pids_refused) > 0))
	}
	each pids
}

# bats test_tags=slow
@test "pids: a fork bomb stays within, and the host goes on" {
	bomb() {
		limited 1 'pids = 64' ./probe forks 500
		[[ $output == "forked 62" && $(reported pids_peak) == 64 ]]
		limited 0 '' ./probe forks 100
		[[ $output == "forked 100" ]]
	}
	each bomb
}

@test "cpus: half a CPU is half the time" {
	need_controller cpu
	half() {
		limited 0 'cpus = 0.5' ./probe spin 2000
		local used=$(($(reported user_us) +
			$(reported system_us)))
		((used < 1600000))
		limited 0 'cpus = 2, memory = "64M"' ./probe spin 2000
		used=$(($(reported user_us) +
			$(reported system_us)))
		((used > 1800000))
	}
	each half
}

@test "cpu time: a cgroup counts it, that of children reaped unseen too, but not the set-up's" {
	unseen() {
		limited 123 'cpu = "400ms", pids = 50, wall = "60s"' ./probe unseen 400
		[[ $(reported status) == cpu-time && $(reported cpu_exact) == true ]]
		limited 0 'cpu = "60s", pids = 50' ./probe spin 300
		[[ $(reported cpu_exact) == true ]]
		local used all
		used=$(reported cpu_ms)
		all=$(($(reported user_us) + $(reported system_us)))
		((${used%.*} >= 100 && ${used%.*} < all / 1000))
	}
	each unseen
}

# bats test_tags=slow
@test "cpu time: the positive control: without a cgroup and a counter such children are lost" {
	WHO=user
	local LAUNCH_AS=1000 used all
	launch -0 run --cpu 60s --report "$WORK/report-user" -- ./probe unseen 200
	[[ $(reported cpu_exact) == false ]] || skip "vacuous: counters are for everyone here"
	used=$(reported cpu_ms)
	limited 0 'cpu = "60s", pids = 50' ./probe unseen 200
	all=$(reported cpu_ms)
	((${used%.*} + 500 < ${all%.*}))
}

# bats test_tags=slow
@test "cpuset: the CPUs named and no others; what is not there is an error, or skipped" {
	need_controller cpuset
	(($(nproc) > 1)) || skip "host: one CPU"
	cpuset() {
		limited 0 'cpuset = "1"' nproc
		[[ $output == 1 && $(reported cpuset) == 1 ]]
		limited 0 'pids = 99' nproc
		((output > 1))
		limited 125 'cpuset = "4000"' true
		expect_error cgroup limits.cpuset
		limited 0 'cpuset = prefer "4000", memory = "64M"' true
		skipped limits.cpuset
	}
	each cpuset
}

@test "each limit is the kernel's file" {
	need_controller cpu
	files() {
		values 'memory = "64M", memory_high = "48M", pids = 99, cpus = 1.5, cpu_weight = 50'
		[[ $(cat "$LEAF/memory.max" "$LEAF/memory.high" "$LEAF/memory.oom.group" "$LEAF/pids.max") == \
			$'67108864\n50331648\n1\n99' ]]
		[[ $(cat "$LEAF/cpu.max" "$LEAF/cpu.weight") == $'150000 100000\n50' ]]
		[[ ! -e $LEAF/memory.swap.max || $(cat "$LEAF/memory.swap.max") == 0 ]]
		[[ $(stat -c %a "$LEAF") == 700 ]]
		end_values
	}
	each files
}

# bats test_tags=slow
@test "swap: a program that needs more than its memory ends well where it may swap enough" {
	[[ $(wc -l </proc/swaps) -gt 1 ]] || skip "host: no swap"
	swapping() {
		limited 0 'memory = "48M", swap = "64M"' ./probe memory 72
		[[ $(reported swap) == 67108864 ]]
		limited 123 'memory = "48M", swap = "8M"' ./probe memory 72
		[[ $(reported status) == memory ]]
		limited 123 'memory = "48M"' ./probe memory 72
	}
	each swapping
}

@test "io: a share of the disks, where the kernel has one" {
	need_controller io
	weight() {
		echo 'return profile { extends = "default", limits = { io_weight = 50 } }' >weight.lua
		launch run -p "$WORK/weight.lua" -- true
		if ((status == 125)); then
			expect_error cgroup "limits.io_weight"
			[[ $stderr == *"this kernel has no io.weight"* ]]
			limited 0 'io_weight = prefer(50), pids = 50' true
			skipped limits.io_weight
		else
			values 'io_weight = 50'
			[[ $(<"$LEAF/io.weight") == "default 50" ]]
			end_values
		fi
	}
	each weight
}

@test "huge pages have a limit by their size" {
	need_controller hugetlb
	[[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ]] || skip "host: no huge pages of 2 MiB"
	huge() {
		values 'hugetlb = { ["2M"] = "4M" }'
		[[ $(cat "$LEAF/hugetlb.2MB.max") == 4194304 ]]
		end_values
		limited 125 'hugetlb = { ["64K"] = 0 }' true
		expect_error cgroup limits.hugetlb
	}
	each huge
}

# bats test_tags=slow
@test "huge pages: as many as the limit says, not one more" {
	need_controller hugetlb
	local free
	free=$(</sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages) 2>/dev/null || free=0
	((free >= 3)) || skip "host: no three free huge pages of 2 MiB"
	pages() {
		local number
		for number in 1 2; do
			limited 0 'hugetlb = { ["2M"] = "4M" }' ./probe huge "$number"
			[[ $output == ok && $(reported hugetlb) == true ]]
		done
		limited 135 'hugetlb = { ["2M"] = "4M" }' ./probe huge 3 # SIGBUS
		limited 0 '' ./probe huge 3
		[[ $output == ok ]]
	}
	each pages
}

# bats test_tags=slow
@test "io: what is no disk is an error" {
	need_controller io
	no_disk() {
		limited 125 'io = { { "/dev/null", wbps = 1 } }' true
		expect_error cgroup "limits.io: /dev/null"
		limited 125 'io = { { "/dev/not-there", wbps = 1 } }' true
		expect_error cgroup "limits.io: /dev/not-there"
	}
	each no_disk
}

# pids_taken ARGUMENT... - how many pids `lunette run ARGUMENT...` takes, the least of five; one
# whose evaluation had no time does not count
pids_taken() {
	local before after least=99
	for _ in 1 2 3 4 5; do
		read -r before </proc/sys/kernel/ns_last_pid
		"$LUNETTE" run "$@" -- true </dev/null || continue
		read -r after </proc/sys/kernel/ns_last_pid
		((after < before || after - before > least)) || least=$((after - before))
	done
	TAKEN=$least
}

@test "a sandbox that is made while its profile is read is made in its cgroup" {
	[[ -r /proc/sys/kernel/ns_last_pid ]] || skip "host: no /proc/sys/kernel/ns_last_pid"
	profile free <<<'return profile { extends = "default" }'
	profile held <<<'return profile { extends = "default", limits = { pids = 50 } }'
	pids_taken -p ./free.lua
	local alone=$TAKEN
	pids_taken -p ./held.lua
	((TAKEN == alone))
	# The control: where the guess is wrong more processes are made.
	pids_taken -p ./held.lua --cgroup-parent "$DELEGATED"
	((TAKEN > alone))
	[[ -z $(leaves) ]]
}

@test "a cgroup that nothing asks for, made ahead, limits nothing and is gone afterwards" {
	WHO=root
	limited 0 '' ./probe forks 100
	[[ $output == "forked 100" ]]
	[[ $(<"$WORK/report-root") == *'"cgroup": { '* && $(<"$WORK/report-root") != *'"pids":'* ]]
	[[ -z $(leaves) ]]
}

@test "the program sees itself at the root of its cgroups" {
	own() {
		limited 0 'memory = "64M"' cat /proc/self/cgroup
		[[ $output == 0::/ ]]
	}
	each own
}

# bats test_tags=slow
@test "10 sandboxes at once: one is out of memory, the others are not" {
	parallel() {
		local i pids=() status
		echo 'return profile { extends = "default", limits = { memory = "32M", pids = 20 } }' \
			>"$WORK/p.lua"
		# Plans, since ten evaluations at once take more than their time on a slow machine.
		local size
		for size in 8 40; do
			launch -0 plan -p "$WORK/p.lua" -- ./probe memory "$size"
			echo "$output" >"$WORK/plan-$WHO-$size"
		done
		for i in {1..10}; do
			as_caller "$LUNETTE" run --plan "$WORK/plan-$WHO-$((i == 5 ? 40 : 8))" </dev/null \
				>"$WORK/out$i" 2>&1 3>&- &
			pids+=($!)
		done
		for i in {1..10}; do
			status=0
			wait "${pids[i - 1]}" || status=$?
			echo "run $i ended with $status: $(cat "$WORK/out$i")"
			((status == (i == 5 ? 123 : 0)))
		done
		[[ -z $(leaves) ]]
	}
	each parallel
}

# launcher_of LEAF - the pid in its name
launcher_of() {
	local name=${1##*/lunette-}
	echo "${name%%-*}"
}

@test "what a killed launcher leaves the next run takes away, and nothing that lives" {
	crash() {
		local dead first
		values 'memory = "64M"'
		dead=$LEAF
		first=$PID
		as_caller "$LUNETTE" run -p "$WORK/values.lua" -- sleep 31 </dev/null >"$WORK/out" 2>&1 3>&- &
		PID=$!
		within 20 two_leaves
		kill -KILL "$(launcher_of "$dead")"
		wait "$first" || true
		within 5 grep -q "populated 0" "$dead/cgroup.events"
		[[ -d $dead ]]
		limited 0 'pids = 50' true
		[[ ! -d $dead ]]
		one_leaf
		end_values
	}
	two_leaves() {
		[[ $(leaves | wc -l) == 2 ]]
	}
	each crash
}

# bats test_tags=slow
@test "a sandbox that outlives its launcher keeps its cgroup until it ends" {
	echo 'return profile { extends = "default", limits = { memory = "64M" },
			process = { die_with_parent = false } }' >"$WORK/alone.lua"
	WHO=root
	"$LUNETTE" run -p "$WORK/alone.lua" -- sh -c 'echo ready; sleep 4' </dev/null >"$WORK/out" \
		2>&1 3>&- &
	PID=$!
	within 20 grep -q ready "$WORK/out"
	one_leaf
	local first=$LEAF
	kill -KILL "$PID"
	wait "$PID" || true
	limited 0 'pids = 50' true
	[[ -d $first ]]
	within 10 grep -q "populated 0" "$first/cgroup.events"
	limited 0 'pids = 50' true
	[[ ! -d $first ]]
}

# bats test_tags=slow
@test "what is moved into a sandbox's cgroup ends with it, and does not keep it" {
	moved() {
		local other
		values 'memory = "64M"'
		sleep 60 3>&- &
		other=$!
		echo "$other" >"$LEAF/cgroup.procs"
		kill -TERM "$(launcher_of "$LEAF")"
		wait "$PID" || true
		within 5 test ! -d "$LEAF"
		wait "$other" || [[ $? == 137 ]]
		[[ ! -e /proc/$other ]]
	}
	each moved
}

@test "a failed launch leaves no cgroup" {
	failing() {
		limited 127 'memory = "64M"' no-such-command
		limited 125 'memory = "64M", cpuset = "4000"' true
		[[ -z $(leaves) ]]
	}
	each failing
}

@test "a cgroup that is not the caller's is refused, with the remedy" {
	chown 0:0 "$TREE" "$TREE"/cgroup.{procs,subtree_control,threads}
	WHO=user
	local LAUNCH_AS=1000
	limited 125 'memory = "64M"' true
	expect_error cgroup "not delegated to the caller"
	[[ $stderr == *"systemd-run --user --scope"* ]]
	limited 0 'memory = prefer "64M"' true
	skipped limits.memory
	limited 0 'pids = 20' ./probe forks 5
	limited 1 'pids = 20' ./probe forks 30
}

# bats test_tags=slow
@test "a cgroup into which no process may be moved is refused, or skipped" {
	mkdir "$TREE/far"
	chown 1000:1000 "$TREE/far" "$TREE"/far/cgroup.{procs,subtree_control,threads}
	echo +memory >"$TREE/cgroup.subtree_control"
	chown 0:0 "$TREE" "$TREE"/cgroup.{procs,subtree_control,threads}
	WHO=user
	local LAUNCH_AS=1000
	echo 'return profile { extends = "default", limits = { memory = "64M" } }' >far.lua
	launch -125 run -p "$WORK/far.lua" --cgroup-parent "$DELEGATED/far" -- true
	expect_error cgroup "no process may be moved"
	echo 'return profile { extends = "default", limits = { memory = prefer "64M" } }' >far.lua
	launch -0 run -p "$WORK/far.lua" --cgroup-parent "$DELEGATED/far" -- true
	rmdir "$TREE/far"
}

# bats test_tags=slow
@test "a named parent, and one that is not there, holds processes or lacks a controller" {
	named() {
		local parent=$DELEGATED/named
		mkdir "$TREE/named"
		chown 1000:1000 "$TREE/named" "$TREE"/named/cgroup.{procs,subtree_control,threads}
		echo "+memory +pids" >"$TREE/cgroup.subtree_control"
		launch -0 run --memory 64M --cgroup-parent "$parent" --report "$WORK/report-$WHO" -- true
		(($(reported memory_peak_kib) > 0))
		launch -125 run --cpus 1 --cgroup-parent "$parent" -- true
		expect_error cgroup "limits.cpus: $parent: it does not have the controller cpu"
		launch -125 run --memory 64M --cgroup-parent "$parent/not-there" -- true
		expect_error cgroup "limits.memory: $parent/not-there"
		echo "-memory -pids" >"$TREE/named/cgroup.subtree_control"
		sleep 30 3>&- &
		echo $! >"$TREE/named/cgroup.procs"
		launch -125 run --memory 64M --cgroup-parent "$parent" -- true
		expect_error cgroup "processes live there"
		kill -KILL $!
		wait $! || true
		within 5 rmdir "$TREE/named"
	}
	each named
}

# bats test_tags=slow
@test "the root cgroup may hold processes and sandboxes both" {
	echo 0 >/sys/fs/cgroup/cgroup.procs
	WHO=root
	limited 0 'memory = "64M"' ./probe memory 8
	(($(reported memory_peak_kib) > 8192))
	[[ -z $(find /sys/fs/cgroup -maxdepth 1 -name 'lunette-*') ]]
}

# bats test_tags=slow
@test "needs, doctor and the shipped profiles know what there is" {
	known() {
		launch -0 doctor
		[[ $output =~ ok\ +cgroups:\ version\ 2 ]]
		echo 'return profile { extends = "default", needs = { "cgroup.memory", "cgroup.pids" } }' \
			>"$WORK/needs.lua"
		launch -0 run -p "$WORK/needs.lua" -- true
		launch -0 run -p untrusted --report "$WORK/report-$WHO" -- true
		[[ $(reported memory) == 1073741824 ]]
	}
	each known
}
