// SPDX-License-Identifier: GPL-2.0-or-later
/* C++: virtual bases, several bases, this, references, closures, templates. */
#include <cstdint>
#include <cstring>
#include <utility>

#define KEEP __attribute__((noinline))

volatile long sink;

struct Root {
	int root = 1;
	virtual ~Root() {}
	virtual long weight(int k) = 0;
};
struct Left : virtual Root {
	int left = 2;
	KEEP long weight(int k) override
	{
		int w = left * k;
		sink = w; /* @ */
		return w;
	}
};
struct Right : virtual Root {
	short right = -3;
	uint8_t bits : 3, more : 5;
	Right() : bits(5), more(17) {}
};
struct Both : Left, Right {
	int both = 4;
	static int made;
	int Both::*which = &Both::both;
	Both() { made++; }
	KEEP long weight(int k) override
	{
		long w = both + left + right + k;
		sink = w + this->*which; /* @ */
		return w;
	}
	KEEP long through(const Left &l, Right *r, Both &&moved) const
	{
		long w = l.left + r->right + moved.both;
		sink = w; /* @ */
		return w;
	}
};
int Both::made = 0;

template <typename T, int N> class Ring
{
	T slots[N];
	unsigned head : 8, used : 8;

      public:
	template <typename U> struct Entry {
		U value;
		Ring *ring;
	};
	Ring() : slots(), head(0), used(0) {}
	KEEP Entry<T> add(const T &v)
	{
		slots[head++ % N] = v;
		used++;
		Entry<T> e{v, this};
		sink = used; /* @ */
		return e;
	}
};

namespace
{
namespace deeper
{
enum class Mode : int8_t { Off = -1, On = 1 };
struct Config {
	Mode mode;
	const char *const name;
	int &counter;
	union {
		float f;
		uint32_t raw;
	};
};
int count = 11;

KEEP long configure(Config &c, const Config *p, Mode m, Mode &&n)
{
	Mode old = c.mode;
	c.mode = m;
	c.counter++;
	sink = (long)old + p->counter; /* @ */
	return (long)n;
}
}
inline namespace v2
{
KEEP int versioned(int a, int b = 5)
{
	int s = a - b;
	sink = s; /* @ */
	return s;
}
}
}

struct Pair {
	long first;
	char second;
	Pair &add(long n)
	{
		first += n;
		sink = first; /* @ */
		return *this;
	}
	static KEEP Pair make(long f, char s)
	{
		Pair p{f, s};
		sink = p.first; /* @ */
		return p;
	}
	KEEP bool operator<(const Pair &o) const
	{
		bool less = first < o.first;
		sink = less; /* @ */
		return less;
	}
};

KEEP static long closures(int k, const Pair &p)
{
	long sum = 0;
	Pair mine = p;
	auto add = [&sum, k, mine](int x, const Pair &q) mutable {
		mine.first += x;
		sum += mine.first + k + q.second;
		sink = sum; /* @ */
		return sum;
	};
	auto generic = [&](auto v) {
		auto w = v;
		sum += (long)w;
		sink = sum; /* @ */
		return w;
	};
	add(1, p);
	generic((short)-7);
	generic(8.0);
	return add(2, mine);
}

template <typename... A> KEEP static int count_of(A... rest)
{
	int n = sizeof...(rest);
	sink = n; /* @ */
	return n;
}

KEEP static long caught(int k)
{
	try {
		if (k > 2)
			throw Pair{k, 'x'};
	} catch (const Pair &e) {
		sink = e.first; /* @ */
		return e.first;
	}
	return 0;
}

__attribute__((constructor)) static void paint()
{
	volatile char a[16384];

	for (unsigned i = 0; i < sizeof(a); i++)
		a[i] = 0x5a;
}

int main()
{
	Both b, other;
	Left l_only_type_not_made_here;
	Root *r = &b;
	Ring<short, 4> shorts;
	Ring<Pair, 2> pairs;
	deeper::Config c{deeper::Mode::Off, "config", deeper::count, {1.5f}};
	Pair p = Pair::make(40, 'p'), q{41, 'q'};

	sink = r->weight(10) + l_only_type_not_made_here.weight(3);
	sink = b.through(other, &b, Both());
	sink = shorts.add(-5).value;
	sink = pairs.add(p).value.first;
	sink = deeper::configure(c, &c, deeper::Mode::On, deeper::Mode::Off);
	sink = versioned(9);
	sink = p < q;
	sink = p.add(5).add(6).first;
	sink = closures(3, p);
	sink = count_of(1, 'c', p);
	sink = caught(3);
	return 0; /* @ */
}
