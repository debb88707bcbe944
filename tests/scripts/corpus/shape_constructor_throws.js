// harm: breaks: its constructor throws | expect: evaluating | kill: no
class Script { constructor() { throw new Error('not today'); } }
