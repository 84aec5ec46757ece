/* A template of an adapter (PROTOCOL.md), without a JSON library: give `knows` and `play` a real one. Build: cc -o adapter adapter.c */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *hello =
    "{\"re\":\"hello\",\"protocol\":1,\"name\":\"my-loop\",\"version\":\"0\",\"language\":\"C\",\"loop\":\"my loop\",\"features\":[],"
    "\"levels\":\"P\",\"parameters\":{\"R\":1,\"B\":1,\"b\":16},\"relaxations\":[]}";

/* This one knows the program that does nothing. */
static int knows(const char *request) {
    return strstr(request, "\"body\":[]") != NULL && strstr(request, "\"body\":[{") == NULL;
}

/* Prints the trace of level P (spec/scenario/README.md, section 4). */
static void play(void) {
    printf("{\"galley_trace\":1,\"R\":\"1\",\"B\":1,\"budget\":16,\"features\":[\"P\"]}"
           ",{\"ev\":\"spawn\",\"task\":1,\"by\":0,\"scope\":0},{\"ev\":\"run\"}"
           ",{\"ev\":\"step\",\"task\":1,\"now\":\"0\",\"with\":\"start\"}"
           ",{\"ev\":\"end\",\"task\":1,\"outcome\":\"value\",\"value\":\"0\"}"
           ",{\"ev\":\"exit\",\"verdict\":\"completed\",\"pending\":[]}");
}

int main(void) {
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        if (strstr(line, "\"do\":\"stop\"") != NULL && strstr(line, "\"do\":\"run\"") == NULL) {
            break;
        }
        if (strncmp(line, "{\"do\":\"run\"", 11) != 0) {
            printf("%s\n", hello);
        } else {
            const char *id = strstr(line, "\"id\":\"") + 6;
            const int length = (int)(strchr(id, '"') - id);
            printf("{\"re\":\"run\",\"id\":\"%.*s\",\"outcome\":", length, id);
            if (knows(line)) {
                printf("\"ran\",\"trace\":[");
                play();
                printf("]}\n");
            } else {
                printf("\"skipped\",\"reason\":\"not yet\"}\n");
            }
        }
        fflush(stdout);
    }
    free(line);
    return 0;
}
