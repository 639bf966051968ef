# Names that do not exist: what, and what was probably meant.
fails 2 rum
says "no command 'rum', did you mean 'run'?"
fails 2 run --taks ecg
says "unknown option --taks; did you mean --task?"
fails 2 run --task
says "--task needs a value"
fails 2 run --task ecg
says "--method is missing"
fails 2 run --task darcyy --method wrn
says "no task 'darcyy', did you mean 'darcy'?"
fails 2 run --task ecg --method randm
says "no method 'randm', did you mean 'random'?"
fails 2 run --task ecg --method random --space nb102
says "no space 'nb102', did you mean 'nb201'?"
fails 2 run --task ecg --method random --set uniqe=true
says "unknown option uniqe; did you mean unique? \`afield describe random\` lists them"
fails 2 run --task ecg --method wrn --set a=1
says "'wrn' is a baseline and searches nothing"
fails 2 run --task ecg --method wrn --space nb201
says "is a space of its own"
fails 2 run --task ecg --method random --budget 4
says "the unit is missing"
fails 2 run --task ecg --method random --workers 0
says "is not a whole number from 1 to 1024"
fails 2 run --task ecg --method random --seed -1
says "not negative"
fails 2 run --task ecg --method wrn --size huge
says "'huge' is unknown, want tiny, small, full or auto"
fails 2 run --task ecg --method wrn --backend gpu
says "no backend 'gpu'"
fails 2 describe nothing
says "nothing is called 'nothing'"
fails 2 list lists
says "no kind 'lists'"
fails 2 data generat ecg
says "want generate, import, import-own, check, export, where or fetch"
silent
