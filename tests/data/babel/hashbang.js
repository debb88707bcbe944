#!/usr/bin/env node
class Script {}
