# Every kind of thing describes itself; a name of two things asks which.
ok describe ecg
says "single_label"
says "f1_macro"
says "McSharry"
says "not there"
ok data generate ecg
ok describe ecg
says "provenance generated"
ok describe nb201
says "15625"
ok describe wrn
says "lr=recipe"
ok describe regularized_evolution
says "population"
ok describe asha
says "promotion, stopping"
says "reduction"
ok describe darts
says "shares weights"
says "alpha_lr"
ok describe f1_macro
says "higher"
ok describe conv
says "convolution"
ok describe reference --json
says '"usable": true'
ok describe linear
says "kind            baseline"
says "afield describe op linear"
ok describe op linear
ok describe baseline linear
fails 2 describe wrn --cost
says "only a task has a cost"
ok describe ecg --cost --json
says '"estimated_seconds"'
says '"flops"'
says '"waiting_for_data"'
says '"loading"'
