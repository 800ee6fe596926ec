namespace EdgeLearn.Tests;

static class Placeholder;
