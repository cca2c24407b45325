# offers.zsh - what zsh's completion offers at the end of each of some command lines, a line each
#
#   OFFERS=EMPTY zsh -f offers.zsh DIRECTORY LINE...
#                                       EMPTY: a directory to work in; DIRECTORY holds _lunette
#
# A completion runs in the line editor alone, and that wants a terminal: a second zsh gets one. There
# the builtin by which matches are added is shadowed by a function that writes them down.
: ${OFFERS:?}
zmodload zsh/zpty zsh/zselect
directory=$1
shift
cat >$OFFERS/setup <<'END'
PS1=
fpath=($1 $fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
	local -a found
	# One that asks what would match adds nothing.
	if [[ " ${(j: :)@[1,(i)(-|--)]} " == *" -"[[:alpha:]]#[AOD]" "* ]]; then
		builtin compadd "$@"
		return
	fi
	builtin compadd -O found "$@"
	(($#found)) && print -rl -- $found >>$OFFERS/found
}
offer() {
	_main_complete
	: >$OFFERS/done
}
zle -C offer complete-word offer
bindkey '^I' offer
: >$OFFERS/ready
END

# until FILE - waits for it
until_there() {
	local -i tries=$((2000 * ${SLOW:-1}))
	while [[ ! -e $OFFERS/$1 ]] && ((tries-- > 0)); do
		zselect -t 1
	done
	[[ -e $OFFERS/$1 ]] || print -u2 "zsh: not $1"
}

zpty shell zsh -f -i
zpty -w shell "setopt extendedglob; source $OFFERS/setup ${(q)directory}"
until_there ready
for line; do
	rm -f $OFFERS/done $OFFERS/found
	zpty -w -n shell $'\C-u'"lunette $line"$'\t'
	until_there done
	: >>$OFFERS/found
	print -r -- ${(o)${(fu)"$(<$OFFERS/found)"}}
done
zpty -d shell
