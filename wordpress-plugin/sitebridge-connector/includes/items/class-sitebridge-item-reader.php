<?php
/**
 * Reads contents for the server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads many posts with few queries: one each for posts, terms, meta, hashes, content keys and content
 * numbers, however many posts there are.
 */
final class Sitebridge_Item_Reader {

	/**
	 * Maximum bytes of text in one page of several posts: a page with more ends before its limit, because PHP
	 * holds its texts in memory several times.
	 */
	const MOST_BYTES = 8388608;

	/**
	 * Reads single fields.
	 *
	 * @var Sitebridge_Item_Fields
	 */
	private $fields;

	/**
	 * Computes the hashes.
	 *
	 * @var Sitebridge_Item_Hash
	 */
	private $hashes;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Item_Fields $fields Reads single fields.
	 * @param Sitebridge_Item_Hash   $hashes Computes the hashes.
	 */
	public function __construct( Sitebridge_Item_Fields $fields, Sitebridge_Item_Hash $hashes ) {
		$this->fields = $fields;
		$this->hashes = $hashes;
	}

	/**
	 * A page of a type's contents, by ascending id.
	 *
	 * @param string   $post_type The post type.
	 * @param int      $after_id  Only contents with a higher id.
	 * @param int      $limit     Maximum number of contents; large contents make the page shorter.
	 * @param int|null $newest    Only this many of the highest ids; null for all.
	 * @return array `items`, `forbidden` (ids of posts that the user may not edit), `last_operation`, `links`,
	 *               `next_after_id` (null on the last page), `total` (number of contents of the type, at most
	 *               `newest`).
	 */
	public function page( $post_type, $after_id, $limit, $newest ) {
		global $wpdb;

		$from  = "FROM {$wpdb->posts} p WHERE p.post_type IN " . Sitebridge_Item_Query::words( array( $post_type ) ) . ' AND ' . Sitebridge_Item_Hash::in_content();
		$total = Sitebridge_Item_Query::numbers( "SELECT COUNT(*) AS n {$from}" )[0];
		if ( null !== $newest && $newest < $total ) {
			$lowest   = Sitebridge_Item_Query::numbers( "SELECT p.ID AS n {$from} ORDER BY p.ID DESC LIMIT 1 OFFSET " . ( $newest - 1 ) );
			$after_id = max( $after_id, array() === $lowest ? 0 : $lowest[0] - 1 );
			$total    = $newest;
		}
		// The inner query reads only ids, which come from an index. The outer query reads only the posts of
		// the page.
		$page = "SELECT p.ID AS n {$from} AND p.ID > " . (int) $after_id . ' ORDER BY p.ID LIMIT ' . ( $limit + 1 );
		$rows = Sitebridge_Item_Query::rows( "SELECT page.n, LENGTH(q.post_content) AS bytes FROM ({$page}) page JOIN {$wpdb->posts} q ON q.ID = page.n ORDER BY page.n" );
		$ids  = array();
		$size = 0;
		foreach ( array_slice( $rows, 0, $limit ) as $row ) {
			$size += (int) $row->bytes;
			if ( $size > self::MOST_BYTES && array() !== $ids ) {
				break;
			}
			$ids[] = (int) $row->n;
		}
		$read = $this->read( $post_type, $ids );

		return array(
			'items'         => $read['items'],
			'forbidden'     => $read['forbidden'],
			'last_operation' => Sitebridge_Server::last_operation(),
			'links'         => Sitebridge_Item_Link_Rules::of( $post_type ),
			'next_after_id' => count( $ids ) < count( $rows ) ? end( $ids ) : null,
			'total'         => $total,
		);
	}

	/**
	 * Some posts as they are now, including posts in the trash.
	 *
	 * @param string $post_type The post type.
	 * @param int[]  $ids       The ids of the posts.
	 * @return array `items`, `forbidden` (ids of posts that the user may not edit), `gone` (ids without such
	 *               a content: no post, a post of another type, a draft that nobody has saved yet).
	 */
	public function some( $post_type, array $ids ) {
		$ids = array_values( array_unique( array_map( 'intval', $ids ) ) );

		return $this->read( $post_type, $ids );
	}

	/**
	 * One post as it is now.
	 *
	 * @param WP_Post $post The post.
	 * @return array|null Null when the post is gone, or the user may not edit it.
	 */
	public function one( WP_Post $post ) {
		$read = $this->read( $post->post_type, array( $post->ID ) );

		return array() === $read['items'] ? null : $read['items'][0];
	}

	/**
	 * Reads posts.
	 *
	 * @param string $post_type The post type.
	 * @param int[]  $ids       The ids of the posts.
	 * @return array See some().
	 */
	private function read( $post_type, array $ids ) {
		$read = array(
			'items'     => array(),
			'forbidden' => array(),
			'gone'      => array(),
		);
		// Hashes are read before posts. A post that changes in between gets its old hash, so that the server
		// sees the change later.
		$hashes   = $this->hashes->of( $post_type, $ids );
		$posts    = self::load( $post_type, $ids );
		$keys     = Sitebridge_Item_Link::keys( $posts );
		$numbers  = Sitebridge_Number_Link::numbers( array_keys( $posts ) );
		foreach ( $ids as $id ) {
			if ( ! isset( $posts[ $id ] ) ) {
				$read['gone'][] = $id;
			} elseif ( ! current_user_can( 'edit_post', $id ) ) {
				$read['forbidden'][] = $id;
			} elseif ( isset( $hashes[ $id ] ) ) {
				$read['items'][] = $this->item( $posts[ $id ] ) + array(
					'content_key' => isset( $keys[ $id ] ) ? $keys[ $id ] : null,
					// A number counts only for the server that assigned it, and only if the texts agree too.
					'content_id'  => isset( $numbers[ $id ] ) && ! isset( $keys[ $id ] ) ? $numbers[ $id ] : null,
					'hash'        => $hashes[ $id ],
				);
			}
		}

		return $read;
	}

	/**
	 * Loads posts, and the data that their fields need, into WordPress's caches.
	 *
	 * @param string $post_type The post type.
	 * @param int[]  $ids       The ids of the posts.
	 * @return WP_Post[] Posts by id; missing posts are left out.
	 */
	private static function load( $post_type, array $ids ) {
		global $wpdb;

		if ( array() === $ids ) {
			return array();
		}
		$posts = array();
		foreach ( Sitebridge_Item_Query::rows( "SELECT * FROM {$wpdb->posts} WHERE ID IN (" . implode( ',', $ids ) . ')' ) as $row ) {
			if ( $row->post_type === $post_type && ! in_array( $row->post_status, array( 'auto-draft', 'inherit' ), true ) ) {
				$posts[ (int) $row->ID ] = new WP_Post( sanitize_post( $row, 'raw' ) );
			}
		}
		$cached = array_values( $posts );
		update_post_caches( $cached, $post_type, true, true );
		self::load_for_permalinks( $post_type, $posts );

		return $posts;
	}

	/**
	 * Loads the data in permalinks: the slugs of ancestors, and the slugs of authors if permalinks contain
	 * them.
	 *
	 * @param string    $post_type The post type.
	 * @param WP_Post[] $posts     The posts, by id.
	 */
	private static function load_for_permalinks( $post_type, array $posts ) {
		if ( 'post' === $post_type && false !== strpos( (string) get_option( 'permalink_structure' ), '%author%' ) ) {
			cache_users( array_unique( wp_list_pluck( $posts, 'post_author' ) ) );
		}
		$known = array_fill_keys( array_keys( $posts ), true );
		$above = $posts;
		// One query for each level. A loaded post is not loaded again, so that a loop of parents ends.
		while ( is_post_type_hierarchical( $post_type ) && array() !== $above ) {
			$parents = array_diff( array_unique( array_map( 'intval', wp_list_pluck( $above, 'post_parent' ) ) ), array_keys( $known ), array( 0 ) );
			$known  += array_fill_keys( $parents, true );
			_prime_post_caches( $parents, false, false );
			$above = array_filter( array_map( 'get_post', $parents ) );
		}
	}

	/**
	 * A post's fields, without the content key, the content number and the hash.
	 *
	 * @param WP_Post $post The post.
	 * @return array
	 */
	private function item( WP_Post $post ) {
		return array(
			'id'             => $post->ID,
			'type'           => $post->post_type,
			'status'         => $post->post_status,
			'slug'           => Sitebridge_Item_Fields::text( $post->post_name ),
			'link'           => Sitebridge_Item_Fields::text( get_permalink( $post->ID ) ),
			'title'          => Sitebridge_Item_Fields::text( $post->post_title ),
			'content'        => Sitebridge_Item_Fields::text( $post->post_content ),
			'excerpt'        => Sitebridge_Item_Fields::text( $post->post_excerpt ),
			// Visitors need a password. The password itself is never sent.
			'protected'      => '' !== $post->post_password,
			'author'         => (int) $post->post_author,
			'date_gmt'       => Sitebridge_Item_Fields::date_gmt( $post ),
			'modified_gmt'   => Sitebridge_Item_Fields::modified_gmt( $post ),
			'parent'         => (int) $post->post_parent,
			'featured_media' => Sitebridge_Item_Fields::picture( $post ),
			'terms'          => $this->fields->terms( $post ),
			'meta'           => (object) $this->fields->meta( $post ),
			'built_with'     => Sitebridge_Item_Builder::of( $post->ID ),
		);
	}
}
