# gradus spec: the canonical text, the bound tree, or the error with its place.
say() { echo "\$ gradus $*"; gradus "$@" 2>&1 || echo "[$?]"; }
say spec schedule 'warmup( 5% )>cosine( to=1% )'
say spec schedule 'warmup(5%) > cosin'
say spec schedule 'warmup(5%) > cosin' --json
say spec schedule none
say spec schedule '{cosine, linear}'
say spec schedule 'warmup(“5%”)'
say spec shedule cosine
say spec value '[1, 2 '
say spec value '[-1, "a b"]'
say spec schedule 'hold(3) > cosine(to=1%)' --json
# a long line is shown around the error, and carets stand below wide characters
say spec schedule 'hold(1) > hold(1) > hold(1) > hold(1) > hold(1) > hold(1) > hold(1) > hold(1) > hold(1) > cosin > hold(1) > hold(1)'
say spec value '["日本語", ~'
say spec schedule cosine --like touch
