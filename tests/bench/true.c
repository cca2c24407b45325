/* true.c - the program whose launch is timed: static, and over at once */
int main(void)
{
	return 0;
}
