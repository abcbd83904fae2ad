<?php
/**
 * Sets the terms of posts.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Finds terms by the server's slugs and names, creates missing terms, and sets them on a post.
 */
final class Sitebridge_Item_Terms {

	/**
	 * The terms' ids by taxonomy. Every taxonomy of the post has an entry.
	 *
	 * @var int[][]
	 */
	private $wanted;

	/**
	 * The refused terms, each with `code` and `message`.
	 *
	 * @var array[]
	 */
	private $notes = array();

	/**
	 * Finds the terms, and creates missing terms.
	 *
	 * @param string[] $taxonomies The taxonomies that the post may have.
	 * @param array[]  $terms      Each with `taxonomy`, `slug` (maybe a path of slugs) and `name`.
	 */
	public function __construct( array $taxonomies, array $terms ) {
		$this->wanted = array_fill_keys( $taxonomies, array() );
		foreach ( $terms as $term ) {
			$taxonomy = $term['taxonomy'];
			if ( ! isset( $this->wanted[ $taxonomy ] ) ) {
				/* translators: %s: a taxonomy such as category. */
				$this->notes[ 'unknown ' . $taxonomy ] = self::note( 'unknown_taxonomy', sprintf( __( 'This type of content has no taxonomy %s here.', 'sitebridge-connector' ), $taxonomy ) );
				continue;
			}
			$id = self::find_or_make( $taxonomy, $term['slug'], $term['name'] );
			if ( is_wp_error( $id ) ) {
				$this->notes[] = self::note( 'term_refused', $taxonomy . ' ' . $term['slug'] . ': ' . $id->get_error_message() );
			} elseif ( ! in_array( $id, $this->wanted[ $taxonomy ], true ) ) {
				$this->wanted[ $taxonomy ][] = $id;
			}
		}
	}

	/**
	 * The terms of one taxonomy; none if the user may not assign them to a post.
	 *
	 * @param string $taxonomy The taxonomy.
	 * @return int[]
	 */
	public function assignable( $taxonomy ) {
		return ! empty( $this->wanted[ $taxonomy ] ) && current_user_can( get_taxonomy( $taxonomy )->cap->assign_terms ) ? $this->wanted[ $taxonomy ] : array();
	}

	/**
	 * Sets exactly these terms on a post, in all its taxonomies.
	 *
	 * @param WP_Post $post The post.
	 * @return array[] The refused terms, each with `code` and `message`.
	 */
	public function set( WP_Post $post ) {
		foreach ( $this->wanted as $taxonomy => $ids ) {
			$set = self::set_taxonomy( $post, $taxonomy, $ids );
			if ( is_wp_error( $set ) ) {
				$this->notes[] = self::note( 'term_refused', $taxonomy . ': ' . $set->get_error_message() );
			}
		}

		return array_values( $this->notes );
	}

	/**
	 * Sets the terms of one taxonomy, if they differ from the post's terms.
	 *
	 * @param WP_Post $post     The post.
	 * @param string  $taxonomy The taxonomy.
	 * @param int[]   $ids      The terms.
	 * @return true|WP_Error
	 */
	private static function set_taxonomy( WP_Post $post, $taxonomy, array $ids ) {
		$present = get_the_terms( $post, $taxonomy );
		$present = is_array( $present ) ? wp_list_pluck( $present, 'term_id' ) : array();
		if ( array() === array_diff( $ids, $present ) && array() === array_diff( $present, $ids ) ) {
			return true;
		}
		if ( ! current_user_can( get_taxonomy( $taxonomy )->cap->assign_terms ) ) {
			return new WP_Error( 'rest_cannot_assign_term', __( 'The user that requests act as may not assign these terms.', 'sitebridge-connector' ) );
		}
		$set = wp_set_object_terms( $post->ID, $ids, $taxonomy );

		return is_wp_error( $set ) ? $set : true;
	}

	/**
	 * Finds a term by its slug, and creates it if it is missing.
	 *
	 * @param string $taxonomy The taxonomy.
	 * @param string $slug     The term's slug, or the slugs from the top of the tree down to the term,
	 *                         separated by slashes.
	 * @param string $name     The term's name as plain text.
	 * @return int|WP_Error
	 */
	private static function find_or_make( $taxonomy, $slug, $name ) {
		$path = array_values( array_filter( explode( '/', $slug ), 'strlen' ) );
		$last = array() === $path ? '' : array_pop( $path );
		if ( ! is_taxonomy_hierarchical( $taxonomy ) ) {
			$path = array();
		}
		// A slug alone means the term anywhere in the tree, because slugs are unique in a taxonomy.
		$parent = array() === $path ? null : 0;
		foreach ( $path as $part ) {
			$parent = self::find_or_make_one( $taxonomy, $part, $part, $parent );
			if ( is_wp_error( $parent ) ) {
				return $parent;
			}
		}

		return self::find_or_make_one( $taxonomy, $last, $name, $parent );
	}

	/**
	 * Finds or creates a term under a parent.
	 *
	 * @param string   $taxonomy The taxonomy.
	 * @param string   $slug     The term's slug in any letters; '' for the slug that WordPress makes from its name.
	 * @param string   $name     The term's name.
	 * @param int|null $parent   The parent's id; 0 for the top level, null for any place.
	 * @return int|WP_Error
	 */
	private static function find_or_make_one( $taxonomy, $slug, $name, $parent ) {
		$name  = '' === trim( $name ) ? $slug : $name;
		// The slug as this site writes it.
		$slug  = sanitize_title( $slug, sanitize_title( $name ) );
		$place = null === $parent ? array() : array( 'parent' => $parent );
		$found = self::search( $taxonomy, $place + array( 'slug' => $slug ) );
		if ( array() === $found && null !== $parent ) {
			// The term may have another slug: if the slug was taken elsewhere in the tree, WordPress added a
			// suffix.
			$found = array_filter(
				self::search( $taxonomy, $place + array( 'name' => wp_slash( $name ) ) ),
				static function ( $present ) use ( $slug ) {
					return 0 === strpos( $present, $slug . '-' );
				}
			);
		}
		if ( array() !== $found ) {
			return (int) key( $found );
		}
		$rights = get_taxonomy( $taxonomy )->cap;
		if ( ! current_user_can( is_taxonomy_hierarchical( $taxonomy ) ? $rights->edit_terms : $rights->assign_terms ) ) {
			return new WP_Error( 'rest_cannot_create', __( 'The user that requests act as may not make this term.', 'sitebridge-connector' ) );
		}
		$made = wp_insert_term(
			wp_slash( $name ),
			$taxonomy,
			array(
				'slug'   => wp_slash( $slug ),
				'parent' => (int) $parent,
			)
		);
		if ( is_wp_error( $made ) ) {
			// A term with this name exists in this place, but was created with another slug.
			$existing = 'term_exists' === $made->get_error_code() ? (int) $made->get_error_data( 'term_exists' ) : 0;

			return $existing > 0 ? $existing : $made;
		}

		return (int) $made['term_id'];
	}

	/**
	 * Searches terms.
	 *
	 * @param string $taxonomy The taxonomy.
	 * @param array  $query    The conditions, as for get_terms().
	 * @return string[] The terms' slugs by id.
	 */
	private static function search( $taxonomy, array $query ) {
		$found = get_terms(
			$query + array(
				'taxonomy'               => $taxonomy,
				'hide_empty'             => false,
				'fields'                 => 'id=>slug',
				'update_term_meta_cache' => false,
				'suppress_filter'        => true,
			)
		);

		return is_array( $found ) ? $found : array();
	}

	/**
	 * A note about something that could not be written.
	 *
	 * @param string $code    A stable code.
	 * @param string $message The text for people.
	 * @return array
	 */
	public static function note( $code, $message ) {
		return compact( 'code', 'message' );
	}
}
