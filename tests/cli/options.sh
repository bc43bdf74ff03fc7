# Options are long, written whole, as --x=y or --x y; what is wrong about one is said with what is right.
say() { echo "\$ gradus $*"; gradus "$@" 2>&1 || echo "[$?]"; }
say list --nope
say list --jsn
say list -h
say list --json=yes
say list --color
say list --color=red
say list --threads 0
say list --threads 1.5
say list --quiet --quiet
say spec schedule
say spec schedule cosine linear
say spec schedule cosine --like
say spec --like=torch schedule 'cosine(T_max=20)'
say spec --like torch schedule 'cosine(T_max=20)'
say --quiet spec schedule cosine
say spec schedule -- cosine
say spec -- schedule --cosine
say trian run.yaml
say run.yaml
say nothing-like-it
say trian --json
