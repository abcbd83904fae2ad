<?php
/**
 * The fields of a content, for routes and messages.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads single fields of a post, in the format of WordPress's own REST API with `context=edit`. Routes and
 * messages share this class, because a difference between them would look like a change to the server.
 */
final class Sitebridge_Item_Fields {

	/**
	 * Types whose fields core's REST API fixes, whatever features the types support.
	 */
	const FIXED_TYPES = array( 'post', 'page' );

	/**
	 * Knows which taxonomies the server is told about.
	 *
	 * @var Sitebridge_Structure
	 */
	private $structure;

	/**
	 * Reads and writes meta as core's REST API does, by post type.
	 *
	 * @var WP_REST_Post_Meta_Fields[]
	 */
	private $meta = array();

	/**
	 * The schemas of the meta, by post type.
	 *
	 * @var array[]
	 */
	private $schemas = array();

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Structure $structure Knows which taxonomies the server is told about.
	 */
	public function __construct( Sitebridge_Structure $structure ) {
		$this->structure = $structure;
	}

	/**
	 * The taxonomies of a post type that the REST API shows.
	 *
	 * @param string $post_type The post type.
	 * @return string[]
	 */
	public function taxonomies( $post_type ) {
		return array_values( array_filter( get_object_taxonomies( $post_type ), array( $this->structure, 'has_taxonomy' ) ) );
	}

	/**
	 * A post's terms, with names as plain text. WordPress stores `&` as `&amp;`.
	 *
	 * @param WP_Post $post The post.
	 * @return array[] Each with `taxonomy`, `slug` and `name`.
	 */
	public function terms( WP_Post $post ) {
		$found = array();
		foreach ( $this->taxonomies( $post->post_type ) as $taxonomy ) {
			$terms = get_the_terms( $post, $taxonomy );
			foreach ( is_array( $terms ) ? $terms : array() as $term ) {
				$found[] = array(
					'taxonomy' => $taxonomy,
					'slug'     => self::text( $term->slug ),
					'name'     => html_entity_decode( self::text( $term->name ), ENT_QUOTES | ENT_HTML5, 'UTF-8' ),
				);
			}
		}

		return $found;
	}

	/**
	 * The values of the meta keys that are registered for the REST API.
	 *
	 * @param WP_Post $post The post.
	 * @return array|object Values by name; JSON can represent each value.
	 */
	public function meta( WP_Post $post ) {
		if ( ! self::has_meta( $post->post_type ) ) {
			return array();
		}
		$type = $post->post_type;
		if ( ! isset( $this->schemas[ $type ] ) ) {
			$this->schemas[ $type ] = $this->meta_fields( $type )->get_field_schema();
		}
		$request = new WP_REST_Request( 'GET' );
		$request->set_param( 'context', 'edit' );
		$values = rest_filter_response_by_context( $this->meta_fields( $type )->get_value( $post->ID, $request ), $this->schemas[ $type ], 'edit' );
		if ( array() === $values || false !== wp_json_encode( $values ) ) {
			return $values;
		}

		// A value that JSON cannot represent, such as INF, becomes null, so that the other values stay.
		return json_decode( (string) wp_json_encode( $values, JSON_PARTIAL_OUTPUT_ON_ERROR ) );
	}

	/**
	 * The database keys of the meta that the REST API shows for a post type.
	 *
	 * @param string $post_type The post type.
	 * @return string[]
	 */
	public static function meta_keys( $post_type ) {
		if ( ! self::has_meta( $post_type ) ) {
			return array();
		}
		$registered = get_registered_meta_keys( 'post', $post_type ) + get_registered_meta_keys( 'post' );
		$shown      = array_filter(
			$registered,
			static function ( $args ) {
				return ! empty( $args['show_in_rest'] );
			}
		);

		return array_map( 'strval', array_keys( $shown ) );
	}

	/**
	 * The object that reads and writes a post type's meta.
	 *
	 * @param string $post_type The post type.
	 * @return WP_REST_Post_Meta_Fields
	 */
	public function meta_fields( $post_type ) {
		if ( ! isset( $this->meta[ $post_type ] ) ) {
			$this->meta[ $post_type ] = new WP_REST_Post_Meta_Fields( $post_type );
		}

		return $this->meta[ $post_type ];
	}

	/**
	 * Whether the REST API shows meta of a post type.
	 *
	 * @param string $post_type The post type.
	 * @return bool
	 */
	public static function has_meta( $post_type ) {
		return in_array( $post_type, self::FIXED_TYPES, true ) || post_type_supports( $post_type, 'custom-fields' );
	}

	/**
	 * Whether the REST API shows the featured image of a post type.
	 *
	 * @param string $post_type The post type.
	 * @return bool
	 */
	public static function has_picture( $post_type ) {
		return in_array( $post_type, self::FIXED_TYPES, true ) || post_type_supports( $post_type, 'thumbnail' );
	}

	/**
	 * A post's featured image.
	 *
	 * @param WP_Post $post The post.
	 * @return int The attachment's id; 0 when there is none.
	 */
	public static function picture( WP_Post $post ) {
		return self::has_picture( $post->post_type ) ? (int) get_post_thumbnail_id( $post ) : 0;
	}

	/**
	 * A post's date in UTC. A draft without a date of its own has no UTC date, and each save moves its local
	 * date. For such a draft the current local date is converted.
	 *
	 * @param WP_Post $post The post.
	 * @return string|null Such as `2026-01-02T03:04:05`; null when the post has no such time.
	 */
	public static function date_gmt( WP_Post $post ) {
		return self::time( '0000-00-00 00:00:00' === $post->post_date_gmt ? get_gmt_from_date( $post->post_date ) : $post->post_date_gmt );
	}

	/**
	 * When a post was last modified, in UTC. A draft that was never published may lack this time.
	 *
	 * @param WP_Post $post The post.
	 * @return string|null Such as `2026-01-02T03:04:05`; null when the post has no such time.
	 */
	public static function modified_gmt( WP_Post $post ) {
		$modified = $post->post_modified_gmt;
		if ( '0000-00-00 00:00:00' === $modified ) {
			// Core uses today's offset too, not the offset of that day.
			$modified = gmdate( 'Y-m-d H:i:s', strtotime( $post->post_modified ) - (int) ( (float) get_option( 'gmt_offset' ) * HOUR_IN_SECONDS ) );
		}

		return self::time( $modified );
	}

	/**
	 * A text in valid UTF-8. A table in another encoding may hold invalid bytes, and one such byte would
	 * break a whole page of JSON. Invalid bytes are replaced as in core's own JSON.
	 *
	 * @param string $text The text as stored.
	 * @return string
	 */
	public static function text( $text ) {
		$text = (string) $text;

		return 1 === preg_match( '//u', $text ) ? $text : _wp_json_convert_string( $text );
	}

	/**
	 * A time in the format of core's REST API.
	 *
	 * @param string $time The time as stored in the database.
	 * @return string|null
	 */
	private static function time( $time ) {
		if ( '0000-00-00 00:00:00' === $time ) {
			return null;
		}
		$written = mysql_to_rfc3339( $time );

		return false === $written ? null : $written;
	}
}
