# real_input.bats: programs that people run, in the profiles meant for them
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

@test "id" {
	launch -0 run -- id
	[[ $output == uid=*"(user)"* ]]
}

@test "a shell pipeline" {
	launch -0 run -- sh -c 'seq 1 1000 | grep 7 | sort -rn | head -n 3 | tr "\n" " "'
	[[ $output == "997 987 979 " ]]
}

@test "gcc compiles and runs a C program" {
	need_command gcc
	printf '#include <stdio.h>\nint main(void) { puts("compiled"); return 5; }\n' >main.c
	local name
	for name in default build; do
		launch -5 run -p "$name" -- sh -c 'gcc -O1 -Wall -o main main.c && ./main'
		[[ $output == compiled ]]
	done
	launch -5 run -p untrusted -- sh -c 'gcc -o main main.c && ./main'
	[[ $output == compiled ]]
}

@test "make, which takes its own ids before it runs a shell" {
	need_command make
	# A plain command make runs itself; this line takes a shell.
	printf 'all:\n\t@x=made; echo $$x\n' >Makefile
	local name
	for name in default untrusted ci build; do
		launch -0 run -p "$name" -- make
		[[ $output == made ]]
	done
}

@test "git clones a local repository and shows its log" {
	need_command git
	launch -0 run -- sh -ec 'git init -q origin && cd origin && echo text >file && git add file &&
		git -c user.name=u -c user.email=u@example.org commit -q -m "first one" &&
		cd .. && git clone -q origin clone && cd clone && git log --format=%s && git status --short'
	[[ $output == "first one" ]]
	launch -0 run -p untrusted -- sh -ec 'cd clone && git log --format=%s'
	[[ $output == "first one" ]]
	# One that the caller made outside
	git init -q outside && git -C outside -c user.name=u -c user.email=u@example.org commit -q \
			--allow-empty -m outside
	launch -0 run -- git -C outside log --format=%s
	[[ $output == outside ]]
}

@test "python3 with threads, subprocesses, a pool and a socket" {
	need_command python3
	cat >script.py <<-'END'
		import multiprocessing, os, pwd, sqlite3, ssl, subprocess, tempfile, threading
		found = []
		threads = [threading.Thread(target=lambda i=i: found.append(i)) for i in range(20)]
		[t.start() for t in threads]; [t.join() for t in threads]
		print(sum(found))
		print(subprocess.run(["sh", "-c", "echo child"], capture_output=True, text=True).stdout.strip())
		if __name__ == "__main__":
		    with multiprocessing.Pool(2) as pool:
		        print(sum(pool.map(abs, range(-10, 0))))
		    with tempfile.TemporaryDirectory() as place:
		        sqlite3.connect(os.path.join(place, "db")).execute("create table t(x)")
		    print(pwd.getpwuid(os.getuid()).pw_name, os.path.expanduser("~"))
	END
	local name
	for name in default untrusted ci; do
		launch -0 run -p "$name" -- /usr/bin/python3 script.py
		[[ $output == $'190\nchild\n55\nuser /home/user' ]]
	done
}

@test "node" {
	need_command node
	[[ -x /usr/bin/node ]] || skip "host: node is not in /usr"
	local name
	for name in default untrusted; do
		launch -0 run -p "$name" -- node -e 'const { execSync } = require("child_process"); let s = 0;
				for (let i = 0; i < 1e6; i++) s += i; require("fs").writeFileSync("made", String(s));
				console.log(execSync("cat made").toString(), require("os").userInfo().username)'
		[[ $output == "499999500000 user" ]]
	done
}

@test "perl" {
	need_command perl
	local name
	for name in default untrusted; do
		launch -0 run -p "$name" -- perl -MFile::Temp=tempfile -MPOSIX -e 'my ($f, $n) = tempfile();
				print $f "x"; close $f; print -s $n, " ", `echo sub`, (POSIX::uname())[0], "\n"'
		[[ $output == $'1 sub\nLinux' ]]
	done
}

@test "sqlite3 writes a database in the working directory" {
	need_command sqlite3
	local name
	for name in default untrusted; do
		rm -f db
		launch -0 run -p "$name" -- sqlite3 db 'pragma journal_mode=wal; create table t(x);
				insert into t values(1),(2); select sum(x) from t;'
		[[ $output == $'wal\n3' ]]
		[[ $(sqlite3 db 'select count(*) from t') == 2 ]]
	done
}

@test "tar and gzip of a tree of 2,000 files" {
	launch -0 run -- sh -ec 'mkdir tree; i=0; while [ $i -lt 2000 ]; do echo $i >tree/$i;
			i=$((i + 1)); done
		tar -czf tree.tar.gz tree; mkdir out; tar -xzf tree.tar.gz -C out; diff -r tree out/tree;
				ls out/tree | wc -l'
	[[ $output == 2000 && -z $stderr ]]
	launch -0 run -p untrusted -- sh -ec 'rm -r out; mkdir out; tar -xzf tree.tar.gz -C out;
			ls out/tree | wc -l'
	[[ $output == 2000 && -z $stderr ]]
}

@test "100 children left running are gone" {
	local token=sleep-$BASHPID-$RANDOM
	cp /bin/sleep "$token"
	local name
	for name in default untrusted ci build; do
		launch -0 run -p "$name" -- sh -c 'i=0; while [ $i -lt 100 ]; do ./"$1" 300 & i=$((i + 1));
				done; echo started' sh "$token"
		[[ $output == started ]]
		within 1 gone "$token"
	done
}

@test "bats runs a small suite in ci, and leaves the checkout as it was" {
	need_command bats
	mkdir suite && sed 's/^%/@/' >suite/small.bats <<-'END' # this file is Bats' own, too
		%test "one" { [ "$(id -u)" = 1000 ]; }
		%test "writes" { echo x >"$BATS_TEST_TMPDIR/f"; echo x >made-by-test; [ -e made-by-test ]; }
		%test "changes" { echo changed >tracked; rm dir/*; [ "$(cat tracked)" = changed ]; }
	END
	echo original >tracked && mkdir dir && echo x >dir/file
	local before
	before=$(tree_hash .)
	launch -0 run -p ci -- bats suite
	expect_line 1..3
	[[ $(grep -c '^ok' <<<"$output") == 3 ]]
	[[ $(tree_hash .) == "$before" ]]
}

@test "cargo --version, from a home with a toolchain" {
	local cargo
	cargo=$(rustup which cargo 2>/dev/null) || cargo=$(command -v cargo) ||
			skip "host: this user has no cargo"
	[[ -r $cargo ]] || skip "host: $cargo cannot be read"
	mkdir -p home/.cargo/bin project && cp "$cargo" home/.cargo/bin/cargo
	export HOME=$WORK/home && cd project || return
	launch -0 run -p build -- cargo --version
	[[ $output == cargo\ [0-9]* ]]
	launch -127 run -p default -- cargo-of-the-home --version
}

@test "make, awk, sed, find, xargs, less obvious ones" {
	need_command make
	printf 'all: a b\na b:\n\techo $@ > $@\n' >Makefile
	launch -0 run -- sh -ec 'make -s -j4; cat a b; find . -name "[ab]" | sort | xargs wc -c |
			tail -n 1 | awk "{ print \$1 }"; dd if=/dev/zero bs=1k count=3 2>/dev/null | wc -c'
	[[ $output == $'a\nb\n4\n3072' ]]
}

@test "a script that makes temporary files, pipes by name and background jobs" {
	need_command bash
	launch -0 run -- bash -ec 'f=$(mktemp); mkfifo p; (echo through >p) & cat p; wait;
			cat <(echo substituted); trap "rm $f" EXIT; echo "$((6 * 7))" | tee "$f"'
	[[ $output == $'through\nsubstituted\n42' ]]
}
