// harm: breaks: its class is a number | expect: evaluating | kill: no
var Script = 42;
