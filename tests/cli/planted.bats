# planted.bats: what a program leaves behind in a writable tree must not mislead a later launch, and
# what it does at its end must not mislead the launcher
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
	SECRET=$BATS_TEST_TMPDIR/secret
	mkdir "$SECRET" && echo precious >"$SECRET/file"
}

@test "a directory that became a link is not mounted by the next launch" {
	mkdir cache
	launch -0 run --rw cache:/cache -- ls /cache # the control: a directory is
	launch -0 run --rw cache:/cache -- sh -c 'rmdir cache && ln -s "$1" cache' sh "$SECRET"
	[[ -L cache ]]
	launch -125 run --rw cache:/cache -- sh -c 'cat /cache/file'
	expect_error mounts planted
	[[ $output != *precious* ]]
}

# bats test_tags=root
@test "root follows no link of another user's" {
	need_root
	chmod 700 "$SECRET"
	ln -s "$SECRET" theirs && chown -h 1000:1000 theirs
	launch -125 run --rw "$WORK/theirs:/x" -- cat /x/file
	expect_error mounts planted
	ln -s "$SECRET" "$BATS_TEST_TMPDIR/ours" # the control: root's own link
	launch -0 run -p base --rw "$BATS_TEST_TMPDIR/ours:/x" -- cat /x/file
	[[ $output == precious ]]
}

@test "an output file that became a link is not written through" {
	profile out <<-END
		return profile { extends = "default", process = { stdout = "$WORK/log" } }
	END
	launch -0 run -p "$WORK/out.lua" -- sh -c 'echo first; rm log; ln -s "$1" log' sh "$SECRET/file"
	[[ -L log ]]
	launch -125 run -p "$WORK/out.lua" -- echo overwritten
	[[ $(cat "$SECRET/file") == precious ]]
	rm log
	launch -0 run -p "$WORK/out.lua" -- echo written
	[[ $(cat log) == written ]]
}

@test "a report that the program replaced is put back" {
	launch -3 run --report r.json -- sh -c 'rm -f r.json; echo "{ \"forged\": 1 }" >r.json; exit 3'
	[[ $(json r.json 'it["exit_code"]') == 3 ]]
	launch -3 run --report r.json -- sh -c 'head -c 9999 /dev/zero >>r.json; exit 3'
	[[ $(json r.json 'it["exit_code"]') == 3 ]]
}

@test "a report's directory that became a link leads nowhere else" {
	local verbose
	for verbose in --report=out/r.json -v; do # with a listener no Landlock holds the supervisor there
		rm -rf out old && mkdir out
		echo precious >"$SECRET/r.json"
		launch -3 run "$verbose" --report out/r.json -- \
			sh -c 'mv out old && ln -s "$1" out; exit 3' sh "$SECRET"
		[[ $stderr == *"report: out/r.json: its directory is not there any more"* ]]
		[[ $(cat "$SECRET/r.json") == precious && -L out ]]
		[[ $(json old/r.json 'it["exit_code"]') == 3 ]]
	done
}

@test "a report is not written through a directory that became a link in an earlier run" {
	mkdir out
	launch -0 run --report out/r.json -- sh -c 'rm -r out && ln -s "$1" out' sh "$SECRET"
	echo precious >"$SECRET/r.json"
	launch -125 run --report out/r.json -- true
	expect_error report planted
	launch -125 run --report out/r.json -p nosuch -- true # whose plan is not known
	[[ $stderr == *"report: out/r.json"*planted* && $(cat "$SECRET/r.json") == precious ]]
	rm "$SECRET/r.json"
	launch -125 run --report "$WORK/out/r.json" -- true
	[[ ! -e $SECRET/r.json ]]
	ln -s "$SECRET" "$BATS_TEST_TMPDIR/own" # the control: a link where no program could plant it
	launch -0 run --report "$BATS_TEST_TMPDIR/own/r.json" -- true
	[[ $(json "$SECRET/r.json" 'it["status"]') == exited ]]
}

@test "a place of Landlock's that became a link is not granted" {
	need_landlock 3
	mkdir -p tree/out tree/secret
	echo precious >tree/secret/file
	profile listed <<-END
		return profile { extends = "base", mounts = { rw { "$WORK/tree", at = "/box" } },
			landlock = { ro = { "/usr", "/bin", "/lib", optional "/lib64", "/etc", "/dev", "/proc" },
				rw = { "/box/out" } } }
	END
	launch -0 run -p "$WORK/listed.lua" -- sh -c 'echo x >/box/out/x && ! cat /box/secret/file'
	launch -0 run --rw tree:/box -p base -- sh -c 'rm -r /box/out && ln -s secret /box/out'
	launch -125 run -p "$WORK/listed.lua" -- cat /box/secret/file
	expect_error filters planted
	[[ $output != *precious* ]]
}

@test "a mount that hides a link of the plan's own is what Landlock's place is" {
	need_landlock 3
	mkdir -p over/data secret
	echo precious >secret/file && echo granted >over/data/file
	profile hidden <<-END
		return profile { extends = "base",
			mounts = { ro { "$WORK/secret", at = "/secret" }, symlink { "/secret", at = "/x/data" },
				EXTRA },
			landlock = { ro = { "/usr", "/bin", "/lib", optional "/lib64", "/etc", "/dev", "/proc",
				"/x/data" } } }
	END
	sed 's|EXTRA||' hidden.lua >shown.lua # the control: a link that is there is followed
	launch -0 run -p "$WORK/shown.lua" -- cat /x/data/file
	[[ $output == precious ]]
	sed -i "s|EXTRA|ro { '$WORK/over', at = '/x' }, ro { '$WORK/over/data', at = '/public' }|" \
		hidden.lua
	launch -0 run -p "$WORK/hidden.lua" -- sh -c 'cat /x/data/file; ! cat /secret/file'
	[[ $output == granted ]]
	mv over/data over/there && ln -s /public over/data # as many letters as /secret
	sed -i "s|over/data|over/there|" hidden.lua
	launch -0 run -p "$WORK/hidden.lua" -- sh -c 'cat /x/data/file; ! cat /secret/file'
	[[ $output == granted ]]
}

@test "a writable tree under another name is the same tree" {
	mkdir data
	ln -s "$WORK" "$BATS_TEST_TMPDIR/alias"
	profile alias <<-END
		return profile { extends = "base", mounts = {
			rw { "$BATS_TEST_TMPDIR/alias", at = "/box" }, ro { "$WORK/data", at = "/data" } } }
	END
	launch -0 run -p "$WORK/alias.lua" -- ls /data # the control
	launch -0 run -p "$WORK/alias.lua" -- sh -c 'rmdir /box/data && ln -s "$1" /box/data' sh "$SECRET"
	[[ -L data ]]
	launch -125 run -p "$WORK/alias.lua" -- cat /data/file
	expect_error mounts planted
	[[ $output != *precious* ]]
}

@test "a named descriptor must be the caller's" {
	profile fds <<-'END'
		return profile { extends = "default", process = { fds = { 7 } } }
	END
	launch -126 run -p "$WORK/fds.lua" -- true 7>&- || [[ $status == 125 ]]
	expect_error exec 'fd 7'
	exec 7>given
	launch -0 run -p "$WORK/fds.lua" -- sh -c 'echo told >&7'
	exec 7>&-
	[[ $(cat given) == told ]]
}

@test "an accomplice who keeps the output open does not keep the launcher" {
	need_command python3
	/usr/bin/python3 - <<-'END' 3>&- &
		import os, socket, time
		server = socket.socket(socket.AF_UNIX)
		server.bind("door"); server.listen()
		peer = server.accept()[0]
		kept = socket.recv_fds(peer, 10, 1)
		time.sleep(8 * int(os.environ.get("SLOW", "1")))
	END
	local accomplice=$! began=$SECONDS
	within 5 test -S door
	chmod 777 door
	"$LUNETTE" run -- /usr/bin/python3 -c 'import socket
door = socket.socket(socket.AF_UNIX); door.connect("door")
socket.send_fds(door, [b"x"], [1])
print("sent")' >out </dev/null
	[[ $(cat out) == sent ]]
	kill "$accomplice" 2>/dev/null || true
	((SECONDS - began < 7 * SLOW))
}

@test "a reader who has stalled does not outlast the wall time" {
	mkfifo pipe
	# Holds the pipe open and never reads.
	bash -c 'exec 9<pipe; sleep 9' 3>&- &
	local reader=$! began=$SECONDS
	"$LUNETTE" run --wall 1 -- sh -c 'while :; do echo xxxxxxxxxxxxxxxx; done' >pipe </dev/null ||
		status=$?
	kill "$reader"
	[[ $status == 124 ]] && ((SECONDS - began < 6 * SLOW))
}

@test "output that did not fit is said; the program's status stands" {
	bash -c 'ulimit -f 8
		exec "$LUNETTE" run --report r.json -- sh -c "head -c 100000 /dev/zero; exit 3"' \
		>big 2>said </dev/null || status=$?
	[[ $status == 3 && $(cat said) == "lunette: watch: "*"too large"* ]]
	[[ $(json r.json 'it["status"]') == exited ]]
}

@test "pid 1 shows nothing of the launcher's arguments" {
	launch -0 run --env SECRET=hunter2 -- sh -c 'tr "\0" " " </proc/1/cmdline'
	[[ $output != *hunter2* ]]
}

# bats test_tags=root
@test "root without its capabilities is not mapped onto itself" {
	need_root
	run --separate-stderr setpriv --bounding-set=-setuid "$LUNETTE" run -- true
	[[ $status == 125 && $stderr == *"nobody's"* ]]
}

@test "no set-id file can be made, by chmod or at once" {
	launch run -- sh -c 'cp /bin/true file; chmod 755 file && echo plain; chmod 4755 file'
	[[ $output == plain && -f file && ! -u file ]]
	need_command python3
	local program='
import os, stat
def create(mode):
    os.close(os.open("made", os.O_CREAT | os.O_WRONLY, mode))
here, file = os.open(".", os.O_RDONLY), os.open("file", os.O_RDWR)
for way in (create, lambda mode: os.chmod("file", mode), lambda mode: os.fchmod(file, mode),
            lambda mode: os.chmod("file", mode, dir_fd=here),
            lambda mode: os.mknod("node", stat.S_IFREG | mode)):
    for mode in (0o4755, 0o2755):
        try:
            way(mode)
            print("made", end=" ")
        except FileExistsError:
            pass
        except PermissionError:
            print("refused", end=" ")'
	launch -0 run -- /usr/bin/python3 -c "$program"
	[[ $(wc -w <<<"$output") == 10 && $output != *made* ]]
	profile without <<-'END'
		return profile { extends = "default", seccomp = { remove { "no-setuid-files" } } }
	END
	launch -0 run -p "$WORK/without.lua" -- chmod 4755 file # the control
	[[ -u file ]]
	launch -0 run -p "$WORK/without.lua" -- /usr/bin/python3 -c "$program"
	[[ $output != *refused* ]]
	rm -f file made node
}

@test "the home is not to be had under another name" {
	mkdir -p home && ln -s home alias
	cd home
	HOME=$WORK/alias launch -125 run -- true
	[[ $stderr == *"home directory"* ]]
	HOME=$WORK launch run -- true
	cd .. && mkdir project && cd project
	HOME=$WORK/alias launch -0 run -- true
}
