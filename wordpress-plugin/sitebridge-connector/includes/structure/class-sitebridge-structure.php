<?php
/**
 * The site's structure: its content types and taxonomies.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads which post types and taxonomies this site shows in its REST API.
 */
final class Sitebridge_Structure {

	/**
	 * Built-in types that hold content. All other built-in types are internal to WordPress (templates, menus,
	 * fonts, patterns), in future versions too.
	 */
	const CONTENT_BUILTINS = array( 'post', 'page', 'category', 'post_tag' );

	/**
	 * Statuses of posts that are not content: not saved yet, part of another post, in the trash.
	 */
	const UNCOUNTED_STATUSES = array( 'auto-draft', 'inherit', 'trash' );

	/**
	 * The stored connection, for its two switches.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings $settings The stored connection.
	 */
	public function __construct( Sitebridge_Settings $settings ) {
		$this->settings = $settings;
	}

	/**
	 * The structure, as the route returns it and as the plugin sends it to the server.
	 *
	 * @return array `post_types`, `taxonomies`, the two switches, and `timestamp` (ISO 8601, UTC).
	 */
	public function read() {
		$structure = $this->shape();
		foreach ( $structure['post_types'] as $slug => $type ) {
			$structure['post_types'][ $slug ] = array(
				'label' => self::label( get_post_type_object( $slug ) ),
				'count' => self::count_posts( $slug ),
			) + $type;
		}
		foreach ( $structure['taxonomies'] as $slug => $taxonomy ) {
			$structure['taxonomies'][ $slug ] = array(
				'label' => self::label( get_taxonomy( $slug ) ),
				'count' => self::count_terms( $slug ),
			) + $taxonomy;
		}
		// Cast to objects, so that an empty list is {} in JSON.
		$structure['post_types'] = (object) $structure['post_types'];
		$structure['taxonomies'] = (object) $structure['taxonomies'];
		$structure['timestamp']  = self::now();

		return $structure;
	}

	/**
	 * A hash of the structure without its changing parts: the counts, the time, and the labels, which depend
	 * on the language of the logged-in user. Needs no query.
	 *
	 * @return string
	 */
	public function fingerprint() {
		return hash( 'sha256', wp_json_encode( $this->shape() ) );
	}

	/**
	 * Whether a post type is part of the structure.
	 *
	 * @param string $slug The post type.
	 * @return bool
	 */
	public function has_post_type( $slug ) {
		$type = get_post_type_object( $slug );

		return $type instanceof WP_Post_Type && $type->show_in_rest && array() !== self::content_only( array( $slug => $type ) );
	}

	/**
	 * Whether a taxonomy is part of the structure.
	 *
	 * @param string $slug The taxonomy.
	 * @return bool
	 */
	public function has_taxonomy( $slug ) {
		$taxonomy = get_taxonomy( $slug );

		return $taxonomy instanceof WP_Taxonomy && $taxonomy->show_in_rest && array() !== self::content_only( array( $slug => $taxonomy ) );
	}

	/**
	 * The REST routes of the posts and terms of all types, such as `/wp/v2/posts`.
	 *
	 * @return string[]
	 */
	public function routes() {
		$routes = array();
		foreach ( array( get_post_types( array( 'show_in_rest' => true ), 'objects' ), get_taxonomies( array( 'show_in_rest' => true ), 'objects' ) ) as $types ) {
			foreach ( self::content_only( $types ) as $type ) {
				$routes[] = '/' . ( $type->rest_namespace ? $type->rest_namespace : 'wp/v2' ) . '/' . self::rest_base( $type );
			}
		}

		return $routes;
	}

	/**
	 * The types, how they belong together, and the two switches.
	 *
	 * @return array
	 */
	private function shape() {
		$post_types = self::content_only( get_post_types( array( 'show_in_rest' => true ), 'objects' ) );
		$taxonomies = self::content_only( get_taxonomies( array( 'show_in_rest' => true ), 'objects' ) );
		$shape      = array(
			'post_types'                => array(),
			'taxonomies'                => array(),
			'plugin_connection_enabled' => (bool) $this->settings->get( 'plugin_connection_enabled' ),
			'two_way_sync_enabled'      => (bool) $this->settings->get( 'two_way_sync_enabled' ),
		);
		foreach ( $post_types as $slug => $type ) {
			$shape['post_types'][ $slug ] = array(
				'rest_base'    => self::rest_base( $type ),
				'hierarchical' => (bool) $type->hierarchical,
				'taxonomies'   => array_values( array_intersect( array_keys( $taxonomies ), get_object_taxonomies( $slug ) ) ),
			);
		}
		foreach ( $taxonomies as $slug => $taxonomy ) {
			$shape['taxonomies'][ $slug ] = array(
				'rest_base'    => self::rest_base( $taxonomy ),
				'hierarchical' => (bool) $taxonomy->hierarchical,
				'post_types'   => array_values( array_intersect( array_keys( $post_types ), (array) $taxonomy->object_type ) ),
			);
		}

		return $shape;
	}

	/**
	 * Leaves out WordPress's internal types. Sorts the others, so that the order of plugins makes no
	 * difference.
	 *
	 * @param array $types Post types or taxonomies by slug.
	 * @return array
	 */
	private static function content_only( array $types ) {
		$types = array_filter(
			$types,
			static function ( $type ) {
				return ! $type->_builtin || in_array( $type->name, self::CONTENT_BUILTINS, true );
			}
		);
		ksort( $types );

		return $types;
	}

	/**
	 * A type's name as plain text. Themes and plugins register it as HTML, with `&` as `&amp;`.
	 *
	 * @param WP_Post_Type|WP_Taxonomy $type The type.
	 * @return string
	 */
	private static function label( $type ) {
		return html_entity_decode( (string) $type->label, ENT_QUOTES | ENT_HTML5, 'UTF-8' );
	}

	/**
	 * The last part of a type's REST address.
	 *
	 * @param WP_Post_Type|WP_Taxonomy $type The type.
	 * @return string
	 */
	private static function rest_base( $type ) {
		return $type->rest_base ? (string) $type->rest_base : $type->name;
	}

	/**
	 * The number of posts of a type, including drafts and private posts.
	 *
	 * @param string $slug The post type.
	 * @return int
	 */
	private static function count_posts( $slug ) {
		$counts = array_diff_key( (array) wp_count_posts( $slug ), array_flip( self::UNCOUNTED_STATUSES ) );

		return (int) array_sum( $counts );
	}

	/**
	 * The number of terms in a taxonomy, including terms without posts.
	 *
	 * @param string $slug The taxonomy.
	 * @return int
	 */
	private static function count_terms( $slug ) {
		$count = wp_count_terms(
			array(
				'taxonomy'   => $slug,
				'hide_empty' => false,
			)
		);

		return is_wp_error( $count ) ? 0 : (int) $count;
	}

	/**
	 * The current time with milliseconds: the server drops a structure that is not newer than the stored one.
	 *
	 * @return string
	 */
	private static function now() {
		$now = microtime( true );

		return gmdate( 'Y-m-d\TH:i:s', (int) $now ) . sprintf( '.%03dZ', (int) ( ( $now - floor( $now ) ) * 1000 ) );
	}
}
