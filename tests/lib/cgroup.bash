# cgroup.bash - a delegated cgroup for a test
#
#   setup() { cgroup_setup; }         $DELEGATED is a path as /proc/self/cgroup has it, $TREE its
#   teardown() { cgroup_teardown; }   directory; the test's shell lives in $DELEGATED/caller
#
# The cgroup is one that the test made, with every controller that the host can give and nothing
# handed on: what lunette needs it must hand on itself. It belongs to uid 1000, as one that systemd
# delegates would, so that launches of both, root and as_user, find it.
# shellcheck shell=bash disable=SC2034 # what loads this reads them

# delegated - skips where this host has no cgroup v2 whose controllers this test may use
delegated() {
	((EUID == 0)) || skip "host: only root can delegate a cgroup for the test"
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] || skip "host: cgroup version 1"
	OWN=$(sed -n 's/^0:://p' /proc/self/cgroup)
	local above=/sys/fs/cgroup
	[[ $(<"$above/cgroup.subtree_control") == *memory*pids* ]] ||
		skip "host: the root cgroup hands on no controllers"
	DELEGATED=/lunette.test.$BASHPID
	TREE=$above$DELEGATED
	mkdir "$TREE" "$TREE/caller"
	chown 1000:1000 "$TREE" "$TREE"/cgroup.{procs,subtree_control,threads} "$TREE/caller" \
		"$TREE"/caller/cgroup.{procs,subtree_control,threads}
	echo 0 >"$TREE/caller/cgroup.procs"
}

undelegated() {
	[[ -n ${TREE-} ]] || return 0
	echo 0 >"/sys/fs/cgroup$OWN/cgroup.procs"
	echo 1 >"$TREE/cgroup.kill"
	local left
	left=$(leaves)
	within 5 remove_tree
	[[ -z $left ]] || {
		printf 'left behind: %s\n' "$left"
		return 1
	}
}

remove_tree() {
	find "$TREE" -depth -mindepth 1 -type d -exec rmdir {} + 2>/dev/null
	rmdir "$TREE"
}

# leaves - the sandboxes' cgroups below $TREE
leaves() {
	find "$TREE" -type d -name 'lunette-*'
}

# one_leaf - sets $LEAF to the one there is
one_leaf() {
	LEAF=$(leaves)
	[[ $LEAF == */lunette-* && $LEAF != *$'\n'* ]]
}

# need_controller NAME
need_controller() {
	grep -qw "$1" "$TREE/cgroup.controllers" || skip "host: no controller $1"
}

cgroup_setup() {
	workspace
	delegated
	need_probe
	user_home
	chmod 777 "$WORK"
}

cgroup_teardown() {
	end_jobs
	undelegated
}

# each FUNCTION - as root, then as an ordinary user; $WHO is which
each() {
	local LAUNCH_AS=
	for WHO in root user; do
		echo "as $WHO"
		[[ $WHO == root ]] || LAUNCH_AS=1000
		"$1"
	done
}

# limited STATUS LIMITS COMMAND... - what is run under a profile with these limits; the report is in
# $WORK/report-$WHO
limited() {
	echo "return profile { extends = \"default\", limits = { $2 } }" >"$WORK/limited.lua"
	launch "-$1" run -p "$WORK/limited.lua" --report "$WORK/report-$WHO" -- "${@:3}"
}

# reported NAME - its value in the report; names are unique there. Python would take seconds where
# this runs without KVM.
reported() {
	local text
	text=$(<"$WORK/report-$WHO")
	[[ $text =~ \"$1\":\ \"?([^\",\ }]*) ]] && echo "${BASH_REMATCH[1]}"
}

# skipped KEY - the report says so
skipped() {
	[[ $(<"$WORK/report-$WHO") == *"\"what\": \"$1\""* ]]
}

# values LIMITS - the files of a running sandbox's cgroup, to be read below $LEAF
values() {
	echo "return profile { extends = \"default\", limits = { $1 } }" >"$WORK/values.lua"
	as_caller "$LUNETTE" run -p "$WORK/values.lua" -- sleep 30 </dev/null >"$WORK/out" 2>&1 3>&- &
	PID=$!
	within 20 one_leaf
}

as_caller() {
	if [[ $WHO == user ]]; then
		as_user "$@"
	else
		"$@"
	fi
}

end_values() {
	echo 1 >"$LEAF/cgroup.kill"
	wait "$PID" || true
	[[ -z $(leaves) ]]
}

# disk - sets DISK to the whole disk that $WORK lies on
disk() {
	need_controller io
	local device
	device=$(stat -c %Hd:%Ld "$WORK")
	[[ -e /sys/dev/block/$device && ! -e /sys/dev/block/$device/partition ]] ||
		skip "host: the test's files lie on no whole disk"
	DISK=/dev/$(sed -n 's/^DEVNAME=//p' "/sys/dev/block/$device/uevent")
}
